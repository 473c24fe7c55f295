// Heads and bodies of requests: HeadScanner, RequestParser, chunks, the texts made of a target.
// What must hold: nothing depends on how the bytes were cut; a head that is accepted can be read in
// one way only.
#include <algorithm>
#include <optional>

#include "fuzz/body_pieces.h"
#include "http/head.h"
#include "http/parse.h"

namespace tidegate::fuzz {
namespace {

using http::HeadScanner;
using http::RequestHead;

struct Taken {
  HeadScanner::Status scanned = HeadScanner::Status::incomplete;
  int refused = 0;
  std::size_t head_size = 0;
  TakenBody body;
  friend bool operator==(const Taken&, const Taken&) = default;
};

HeadScanner::Status scan(HeadScanner& scanner, std::string_view wire, std::size_t piece) {
  std::size_t arrived = 0;
  for (;;) {
    const HeadScanner::Status status = scanner.scan(wire.substr(0, arrived));
    if (status != HeadScanner::Status::incomplete || arrived == wire.size()) return status;
    arrived = std::min(arrived + piece, wire.size());
  }
}

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }) &&
         !text.starts_with(' ') && !text.ends_with(' ');
}

std::size_t count(const RequestHead& head, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(head.headers.begin(), head.headers.end(),
                    [&](const auto& header) { return http::equal_names(header.name, name); }));
}

void check_accepted(const RequestHead& head) {
  TIDEGATE_CHECK(is_token(head.method) && head.method != "CONNECT");
  TIDEGATE_CHECK(std::none_of(head.target.begin(), head.target.end(),
                              [](unsigned char c) { return c <= 0x20 || c >= 0x7f || c == '#'; }));
  for (const http::HeaderView& header : head.headers) {
    TIDEGATE_CHECK(is_token(header.name));
    TIDEGATE_CHECK(is_value(header.value));
  }
  const std::size_t lengths = count(head, "Content-Length");
  const std::size_t encodings = count(head, "Transfer-Encoding");
  TIDEGATE_CHECK(lengths + encodings <= 1);
  TIDEGATE_CHECK(head.content_length.has_value() == (lengths == 1));
  TIDEGATE_CHECK(head.chunked == (encodings == 1));
  TIDEGATE_CHECK(count(head, "Host") <= 1);
  TIDEGATE_CHECK(head.minor_version == 0 || (head.minor_version == 1 && head.find("Host")));
}

// As a router writes it: whoever reads that must find the same.
void check_round_trip(const RequestHead& head) {
  std::string text = std::string(head.method) + " " + std::string(head.target) + " HTTP/1." +
                     std::to_string(head.minor_version) + "\r\n";
  for (const http::HeaderView& header : head.headers) {
    text.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  text += "\r\n";
  http::RequestParser parser;
  RequestHead again;
  TIDEGATE_CHECK(!parser.parse(text, again));
  TIDEGATE_CHECK(again.method == head.method && again.target == head.target);
  TIDEGATE_CHECK(again.content_length == head.content_length && again.chunked == head.chunked);
  TIDEGATE_CHECK(again.keep_alive == head.keep_alive);
  TIDEGATE_CHECK(std::equal(
      again.headers.begin(), again.headers.end(), head.headers.begin(), head.headers.end(),
      [](const auto& a, const auto& b) { return a.name == b.name && a.value == b.value; }));
}

void check_texts(const RequestHead& head) {
  TIDEGATE_CHECK(head.path().size() + head.query().size() <= head.target.size() + 1);
  for (const auto& [name, value] : http::parse_query(head.query())) {
    TIDEGATE_CHECK(name.size() + value.size() <= head.query().size());
  }
  const std::string decoded = http::percent_decode(head.path());
  TIDEGATE_CHECK(http::percent_decode(http::percent_encode(decoded)) == decoded);
}

Taken take(std::string_view wire, std::size_t piece) {
  Taken taken;
  HeadScanner scanner;
  taken.scanned = scan(scanner, wire, piece);
  if (taken.scanned != HeadScanner::Status::complete) return taken;
  taken.head_size = scanner.head_size();
  TIDEGATE_CHECK(taken.head_size <= wire.size());
  http::RequestParser parser;
  RequestHead head;
  taken.refused = parser.parse(wire.substr(0, taken.head_size), head).status;
  if (taken.refused != 0) return taken;
  check_accepted(head);
  check_round_trip(head);
  check_texts(head);
  taken.body = take_body_of(head, parser, wire.substr(taken.head_size), piece);
  return taken;
}

}  // namespace
}  // namespace tidegate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::fuzz::check_pieces(data, size, tidegate::fuzz::take);
  return 0;
}
