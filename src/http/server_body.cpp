// ServerConnection: the request's body.
#include "http/server_connection.h"

#include <fmt/format.h>

namespace tidegate::http {

namespace {

// A client that sends as fast as we read does not keep the loop from others.
constexpr int kReadsPerTurn = 16;

Error too_large(const BodyLimits& limits) {
  return {Code::exhausted, fmt::format("the body is larger than {} bytes", limits.size_max_bytes)};
}

}  // namespace

void ServerConnection::read_body(const BodyLimits& limits,
                                 std::move_only_function<void(Result<Body>)> done) {
  if (!is_open()) return done(fail(Code::cancelled, "the client left"));
  body_state_ = BodyState::reading;
  body_done_ = std::move(done);
  limits_ = limits;
  if (head_.content_length.value_or(0) > limits.size_max_bytes) {
    return finish_body(std::unexpected(too_large(limits)));
  }
  if (head_.expects_continue && !decoder_.done() && in_.rest().empty()) {
    out_.bytes().append("HTTP/1.1 100 Continue\r\n\r\n");
    continue_sent_ = true;
    flush();
  }
  feed_body();
  if (body_state_ != BodyState::reading) return;
  if (end_of_input_)
    return defer();  // half a body: the client has left, as on_deferred() will find
  read_deadline_.set(loop_.now() + server_->options.body_timeout);
  watch_readable();
}

// From on_readable(). A body of known length skips the connection's buffer.
void ServerConnection::read_body_bytes() {
  for (int i = 0; i < kReadsPerTurn && body_state_ == BodyState::reading; ++i) {
    const bool direct = decoder_.known_rest().has_value();
    char* to = direct ? loop_.scratch.data() : in_.room();
    std::size_t size = in_.room_bytes();
    if (direct) size = std::min<std::uint64_t>(loop_.scratch.size(), *decoder_.known_rest());
    const IoResult result = receive(to, size);
    if (result.status == IoStatus::end || result.status == IoStatus::broken) return leave();
    if (result.status == IoStatus::would_block) break;
    read_deadline_.set(loop_.now() + server_->options.body_timeout);
    if (direct) {
      take_body({to, result.bytes});
    } else {
      in_.received(result.bytes);
      feed_body();
    }
    if (result.bytes < size) break;
  }
  if (phase_ == Phase::call) watch_input();
}

// Takes what is in the connection's buffer.
void ServerConnection::feed_body() {
  while (body_state_ == BodyState::reading) {
    if (decoder_.done()) return finish_body(std::move(body_));
    const BodyStep step = decoder_.step(parser_, in_.rest());
    if (step.status == BodyStep::Status::invalid) {
      return finish_body(fail(Code::invalid, "the chunked body is malformed"));
    }
    Result<> appended = body_.append(step.bytes, limits_);
    in_.consume(step.consumed);
    if (!appended.has_value()) return finish_body(std::unexpected(std::move(appended.error())));
    if (step.consumed > 0 || decoder_.done()) continue;
    if (in_.room_bytes() == 0) {  // a line between chunks, or trailers, without an end
      return finish_body(fail(Code::invalid, "the chunked body is malformed"));
    }
    return;
  }
}

bool ServerConnection::take_body(std::string_view bytes) {
  decoder_.step(parser_, bytes);
  Result<> appended = body_.append(bytes, limits_);
  if (!appended.has_value()) {
    finish_body(std::unexpected(std::move(appended.error())));
    return false;
  }
  if (decoder_.done()) finish_body(std::move(body_));
  return true;
}

void ServerConnection::finish_body(Result<Body> result) {
  body_state_ = BodyState::finished;
  read_deadline_.clear();
  body_ = Body();
  if (!result.has_value()) close_after_reply_ = true;
  auto done = std::move(body_done_);
  body_done_ = nullptr;
  done(std::move(result));
}

// The handler could only guess what to answer, so the connection does; to the handler the client
// left.
void ServerConnection::body_timed_out() {
  if (reply_state_ == ReplyState::none) {
    append_refusal(408, "the request body did not arrive in time");
    flush();
  }
  leave();
}

}  // namespace tidegate::http
