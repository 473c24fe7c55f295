// What a replica answers, on its way to a client: ResponseParser, chunks, append_reply_head. What
// must hold: nothing depends on how the bytes were cut; the head that we write is read as what was
// meant, whatever the replica sent.
#include <algorithm>

#include "fuzz/body_pieces.h"
#include "http/parse.h"
#include "http/reply_head.h"

namespace tidegate::fuzz {
namespace {

using http::HeadScanner;
using http::ResponseHead;

constexpr std::string_view kOurs = "x-ours: 1\r\n";

// As the connection to a client frames it.
std::string passed_on(const ResponseHead& head) {
  http::ReplyFraming framing{.date = "Tue, 24 Nov 2026 10:29:56 GMT"};
  framing.has_body = http::status_has_body(head.status);
  framing.content_length = head.content_length;
  framing.chunked = framing.has_body && !head.content_length;
  std::string text;
  http::append_reply_head(text, head, kOurs, framing);
  return text;
}

void check_passed_on(const ResponseHead& head) {
  const std::string text = passed_on(head);
  HeadScanner scanner;
  TIDEGATE_CHECK(scanner.scan(text) == HeadScanner::Status::complete);
  TIDEGATE_CHECK(scanner.head_size() == text.size());  // one head, not two
  http::ResponseParser parser;
  ResponseHead again;
  TIDEGATE_CHECK(parser.parse(text, again));
  TIDEGATE_CHECK(again.status == head.status && again.reason == head.reason);
  TIDEGATE_CHECK(again.find("x-ours").has_value());
  if (!http::status_has_body(head.status)) return;
  TIDEGATE_CHECK(again.content_length == head.content_length);
  TIDEGATE_CHECK(again.chunked == !head.content_length.has_value());
}

struct Taken {
  HeadScanner::Status scanned = HeadScanner::Status::incomplete;
  bool understood = false;
  TakenBody body;
  friend bool operator==(const Taken&, const Taken&) = default;
};

Taken take(std::string_view wire, std::size_t piece) {
  Taken taken;
  HeadScanner scanner;
  std::size_t arrived = 0;
  for (;;) {
    taken.scanned = scanner.scan(wire.substr(0, arrived));
    if (taken.scanned != HeadScanner::Status::incomplete || arrived == wire.size()) break;
    arrived = std::min(arrived + piece, wire.size());
  }
  if (taken.scanned != HeadScanner::Status::complete) return taken;
  http::ResponseParser parser;
  ResponseHead head;
  taken.understood = parser.parse(wire.substr(0, scanner.head_size()), head);
  if (!taken.understood) return taken;
  check_passed_on(head);
  taken.body = take_body_of(head, parser, wire.substr(scanner.head_size()), piece);
  return taken;
}

}  // namespace
}  // namespace tidegate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::fuzz::check_pieces(data, size, tidegate::fuzz::take);
  return 0;
}
