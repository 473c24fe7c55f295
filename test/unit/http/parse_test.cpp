// The parser on mutated bytes: whatever comes, and in whatever pieces, it must end in one of its
// answers, always the same one, and never step outside of what it was given.
#include "http/parse.h"

#include <filesystem>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "unit/http/support.h"

namespace tidegate::http {
namespace {

// What became of the first message in some bytes.
struct Outcome {
  std::string head = "incomplete";
  std::string body;
  std::size_t used = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << outcome.head << " body=" << outcome.body << " used=" << outcome.used;
}

std::string describe(const Refusal& refusal, const RequestHead& head) {
  if (refusal) return std::to_string(refusal.status) + " " + std::string(refusal.reason);
  std::string text = std::string(head.method) + " " + std::string(head.target);
  for (const HeaderView& header : head.headers) {
    text.append("|").append(header.name).append("=").append(header.value);
  }
  return text + (head.keep_alive ? " keep" : " close");
}

// Feeds the bytes as a connection does: a buffer that grows by `piece`, from whose front what was
// used is taken away.
class Feeder {
 public:
  Outcome feed(std::string_view bytes, std::size_t piece) {
    for (std::size_t end = 0; end < bytes.size() && !done_;) {
      end = std::min(end + piece, bytes.size());
      if (!in_body_) {
        step_head(bytes.substr(0, end));
        if (in_body_) step_body(bytes.substr(0, end));
      } else {
        step_body(bytes.substr(0, end));
      }
    }
    return outcome_;
  }

 private:
  void step_head(std::string_view so_far) {
    // Exactly this many bytes on the heap, so that reading beyond them is an error under a
    // sanitizer.
    const std::vector<char> exact(so_far.begin(), so_far.end());
    const HeadScanner::Status status = scanner_.scan({exact.data(), exact.size()});
    if (status == HeadScanner::Status::incomplete) return;
    done_ = true;
    if (status == HeadScanner::Status::invalid) {
      outcome_.head = "invalid";
      return;
    }
    outcome_.used = scanner_.head_size();
    head_bytes_.assign(exact.begin(), exact.begin() + static_cast<std::ptrdiff_t>(outcome_.used));
    RequestHead head;
    const Refusal refusal = parser_.parse({head_bytes_.data(), head_bytes_.size()}, head);
    outcome_.head = describe(refusal, head);
    in_body_ = !refusal && head.chunked;
    done_ = !in_body_;
  }

  void step_body(std::string_view so_far) {
    for (;;) {
      const std::string_view rest = so_far.substr(outcome_.used);
      const std::vector<char> exact(rest.begin(), rest.end());
      const BodyStep step = parser_.decode_chunked({exact.data(), exact.size()});
      ASSERT_LE(step.consumed, exact.size());
      outcome_.body.append(step.bytes);
      outcome_.used += step.consumed;
      done_ = step.status != BodyStep::Status::more;
      if (step.status == BodyStep::Status::invalid) {
        outcome_.body = "invalid";
        outcome_.used = 0;  // where exactly it noticed depends on the pieces
      }
      if (done_ || step.consumed == 0) return;
    }
  }

  HeadScanner scanner_;
  RequestParser parser_;
  std::vector<char> head_bytes_;
  Outcome outcome_;
  bool in_body_ = false;
  bool done_ = false;
};

std::vector<std::string> seeds() {
  return {
      "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n",
      "POST / HTTP/1.0\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\nA;name=\"value\"\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
  };
}

std::string mutate(std::string text, std::mt19937& random) {
  static constexpr char kBytes[] = "\r\n \t:;,\0\"0139afAF\x7f\xff-x";
  const std::size_t changes = 1 + random() % 3;
  for (std::size_t i = 0; i < changes; ++i) {
    const std::size_t at = random() % text.size();
    const char byte = kBytes[random() % (sizeof kBytes - 1)];
    switch (random() % 4) {
      case 0:
        text[at] = byte;
        break;
      case 1:
        text.insert(at, 1, byte);
        break;
      case 2:
        text.erase(at, 1);
        break;
      case 3:
        text.insert(at, text.substr(random() % text.size(), random() % 12));
        break;
    }
    if (text.empty()) text = "x";
  }
  return text;
}

TEST(Parse, MutatedRequestsEndTheSameInPiecesOfAnySize) {
  std::mt19937 random(20240229);
  const std::vector<std::string> originals = seeds();
  std::set<std::string> heads;
  int bodies = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = mutate(originals[random() % originals.size()], random);
    const Outcome whole = Feeder().feed(text, text.size());
    const std::size_t piece = 1 + random() % 7;
    ASSERT_EQ(Feeder().feed(text, piece), whole)
        << "in pieces of " << piece << ": " << testing::PrintToString(text);
    heads.insert(whole.head);
    if (whole.body == "abc0123456789") ++bodies;
  }
  // The mutations reached many corners.
  EXPECT_GT(heads.size(), 1'000u);
  EXPECT_GT(bodies, 200);
}

TEST(Parse, MutatedResponsesDoNoHarm) {
  std::mt19937 random(20240301);
  const std::string original =
      "HTTP/1.1 200 OK\r\nServer: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = mutate(original, random);
    const std::vector<char> exact(text.begin(), text.end());
    HeadScanner scanner;
    if (scanner.scan({exact.data(), exact.size()}) != HeadScanner::Status::complete) continue;
    ResponseParser parser;
    ResponseHead head;
    if (!parser.parse({exact.data(), scanner.head_size()}, head)) continue;
    ++accepted;
    for (const HeaderView& header : head.headers) {
      ASSERT_EQ(header.value.find_first_of("\r\n"), std::string_view::npos);
      ASSERT_GE(header.name.data(), exact.data());
      ASSERT_LE(header.value.data() + header.value.size(), exact.data() + exact.size());
    }
  }
  EXPECT_GT(accepted, 1'000);
}

}  // namespace
}  // namespace tidegate::http
