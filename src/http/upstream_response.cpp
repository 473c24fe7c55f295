// UpstreamConnection: receiving the response.
#include "http/upstream_connection.h"

namespace tidegate::http {

namespace {
// A peer that sends as fast as we read does not keep the loop from others.
constexpr int kReadsPerTurn = 16;
}  // namespace

void UpstreamConnection::on_readable() {
  const Ref self(this);
  if (state_ == State::idle) return check_idle();
  for (int i = 0; i < kReadsPerTurn && state_ == State::busy && !paused_; ++i) {
    const IoResult result = receive(loop_.scratch.data(), loop_.scratch.size());
    if (result.status == IoStatus::would_block) break;
    if (result.status == IoStatus::end) return on_end_of_input(/*orderly=*/true);
    if (result.status == IoStatus::broken) return on_end_of_input(/*orderly=*/false);
    received_any_ = true;
    take({loop_.scratch.data(), result.bytes});
    if (result.bytes < loop_.scratch.size()) break;
  }
  if (state_ == State::idle || (state_ == State::busy && !paused_)) watch_readable();
}

// An idle connection has nothing to say but its end; bytes nobody asked for are no better.
void UpstreamConnection::check_idle() {
  char byte = 0;
  if (receive(&byte, 1).status != IoStatus::would_block) return close_now();
  watch_readable();
}

void UpstreamConnection::on_end_of_input(bool orderly) {
  if (head_done_ && decoder_.until_close() && orderly) return finish(/*reusable=*/false);
  if (received_any_) return fail(UpstreamFailure::broken_reply, "the response ended too early");
  if (!sent_any_) {
    return fail(UpstreamFailure::not_sent, "the peer closed before it took the request");
  }
  // The kernel resets a unix connection only if its end had something left to read.
  if (!orderly && owner_->address.kind == Address::Kind::unix_socket) {
    return fail(UpstreamFailure::not_sent, "the peer ended before it had read the request");
  }
  fail(UpstreamFailure::no_response, "the peer closed without a response");
}

void UpstreamConnection::take(std::string_view bytes) {
  const bool joined = !partial_.empty();
  if (joined) {
    partial_.append(bytes);
    bytes = partial_;
  }
  std::size_t used = 0;
  while (state_ == State::busy) {
    const std::string_view rest = bytes.substr(used);
    const std::size_t step = head_done_ ? take_body(rest) : take_head(rest);
    used += step;
    if (step == 0) break;
  }
  if (state_ != State::busy) return partial_.clear();
  if (bytes.size() - used >= owner_->options.head_max_bytes) {
    return fail(UpstreamFailure::broken_reply, "the response head is too large");
  }
  if (joined) {
    partial_.erase(0, used);
  } else {
    partial_.assign(bytes.substr(used));
  }
}

// Returns what it used up: a whole head, or nothing yet.
std::size_t UpstreamConnection::take_head(std::string_view bytes) {
  const HeadScanner::Status status = scanner_.scan(bytes);
  if (status == HeadScanner::Status::incomplete) return 0;
  const std::size_t size = scanner_.head_size();
  const bool is_sound = status == HeadScanner::Status::complete &&
                        size <= owner_->options.head_max_bytes &&
                        parser_.parse(bytes.substr(0, size), head_) && head_.status != 101;
  if (!is_sound) {
    fail(UpstreamFailure::broken_reply, "the response is malformed");
    return 0;
  }
  scanner_.reset();
  if (head_.status < 200) {  // informational: the real one follows
    received_any_ = bytes.size() > size;
    return size;
  }
  head_done_ = true;
  start_body();
  handler_->on_head(head_);
  if (state_ == State::busy && decoder_.done()) {
    const bool nothing_behind = bytes.size() == size;
    finish(head_.keep_alive && nothing_behind);
  }
  return size;
}

void UpstreamConnection::start_body() {
  const bool bodyless = is_head_request_ || head_.status == 204 || head_.status == 304;
  if (bodyless) return decoder_.start_empty();
  if (head_.chunked) return decoder_.start_chunked();
  if (head_.content_length) return decoder_.start_length(*head_.content_length);
  decoder_.start_until_close();
}

std::size_t UpstreamConnection::take_body(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const BodyStep step = decoder_.step(parser_, bytes);
  if (step.status == BodyStep::Status::invalid) {
    fail(UpstreamFailure::broken_reply, "the chunked response is malformed");
    return 0;
  }
  if (!step.bytes.empty()) handler_->on_body(step.bytes);
  if (state_ == State::busy && step.status == BodyStep::Status::done) {
    const bool nothing_behind = bytes.size() == step.consumed;
    finish(head_.keep_alive && nothing_behind);
  }
  return step.consumed;
}

}  // namespace tidegate::http
