// What is left of a message's body on the wire. Not for other folders.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "http/parse.h"

namespace tidegate::http {

template <class Parser>  // RequestParser or ResponseParser: knows chunks
class BodyDecoder {
 public:
  void start_empty() { start(Kind::length, 0); }
  void start_length(std::uint64_t bytes) { start(Kind::length, bytes); }
  void start_chunked() { start(Kind::chunked, 1); }
  void start_until_close() { start(Kind::until_close, 1); }

  bool done() const { return left_ == 0; }
  bool until_close() const { return kind_ == Kind::until_close; }
  // How many bytes are still to come, where that is known.
  std::optional<std::uint64_t> known_rest() const {
    if (kind_ == Kind::length) return left_;
    return done() ? std::optional<std::uint64_t>(0) : std::nullopt;
  }

  BodyStep step(Parser& parser, std::string_view in) {
    if (kind_ == Kind::chunked) {
      BodyStep step = parser.decode_chunked(in);
      if (step.status == BodyStep::Status::done) left_ = 0;
      return step;
    }
    if (kind_ == Kind::until_close) return {BodyStep::Status::more, in.size(), in};
    const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
    left_ -= n;
    return {done() ? BodyStep::Status::done : BodyStep::Status::more, n, in.substr(0, n)};
  }

 private:
  enum class Kind { length, chunked, until_close };
  void start(Kind kind, std::uint64_t left) {
    kind_ = kind;
    left_ = left;
  }

  Kind kind_ = Kind::length;
  std::uint64_t left_ = 0;  // length: bytes; otherwise 1 until the end was seen
};

}  // namespace tidegate::http
