// From bytes to heads and body pieces. Strict on purpose: what another server could read
// differently is refused, because that difference is how requests are smuggled. Not for other
// folders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "http/head.h"

namespace tidegate::http {

// Looks for the end of a head, line by line, and keeps its place between calls. Refuses what must
// not occur between lines: a bare LF, a folded line. (A bare CR is inside a line: the parser's
// matter.)
class HeadScanner {
 public:
  enum class Status { incomplete, complete, invalid };
  // `bytes` begins at the head's first byte, and at each call with what it held before.
  Status scan(std::string_view bytes);
  std::size_t head_size() const { return place_; }  // after complete
  void reset() { place_ = 0; }

 private:
  std::size_t place_ = 0;  // begin of a line that is not complete
};

// One step of taking a body apart.
struct BodyStep {
  enum class Status { more, done, invalid };
  Status status = Status::more;
  std::size_t consumed = 0;  // bytes of the input that are dealt with
  std::string_view bytes;    // the body's bytes among them: a view into the input
};

// Why a head was refused; status 0 means it is fine.
struct Refusal {
  int status = 0;
  std::string_view reason;
  explicit operator bool() const { return status != 0; }
};

// Parses one request after another. The heads are views into the bytes given.
class RequestParser {
 public:
  RequestParser();
  ~RequestParser();
  // `bytes` is exactly one head, as HeadScanner found it.
  Refusal parse(std::string_view bytes, RequestHead& head);
  // After a head that is chunked.
  BodyStep decode_chunked(std::string_view bytes);

 private:
  class Beast;
  std::unique_ptr<Beast> beast_;
};

class ResponseParser {
 public:
  ResponseParser();
  ~ResponseParser();
  bool parse(std::string_view bytes, ResponseHead& head);
  BodyStep decode_chunked(std::string_view bytes);

 private:
  class Beast;
  std::unique_ptr<Beast> beast_;
};

}  // namespace tidegate::http
