// ServerConnection: the reply.
#include <sys/socket.h>

#include <charconv>

#include "base/check.h"
#include "http/server_connection.h"

namespace tidegate::http {

namespace {

// From this size on bytes go to the kernel from where they are; smaller ones are copied behind the
// head.
constexpr std::size_t kSendInPlace = 16UL << 10;
// What is written within one turn is sent at its end, or as soon as there is this much.
constexpr std::size_t kCorkMax = 64UL << 10;

void append_hex(std::string& out, std::size_t number) {
  char digits[16];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, number, 16);
  out.append(digits, end);
}

}  // namespace

std::string_view ServerConnection::peer() const {
  if (peer_text_.empty()) peer_text_ = peer_text(peer_);
  return peer_text_;
}

void ServerConnection::reply(Reply reply) {
  const ReplyFraming framing = begin_framing(reply.status, reply.body.size());
  if (is_open()) {
    append_reply_head(out_.bytes(), reply, framing);
    if (reply_has_body_) append_or_flush(reply.body);
  }
  end_call();
}

void ServerConnection::begin_reply(const Reply& head, std::optional<std::uint64_t> content_length) {
  const ReplyFraming framing = begin_framing(head.status, content_length);
  if (!is_open()) return;
  append_reply_head(out_.bytes(), head, framing);
  defer();
}

void ServerConnection::begin_reply(const ResponseHead& head, std::string_view extra_header_lines,
                                   std::optional<std::uint64_t> content_length) {
  const ReplyFraming framing = begin_framing(head.status, content_length);
  if (!is_open()) return;
  append_reply_head(out_.bytes(), head, extra_header_lines, framing);
  defer();
}

ReplyFraming ServerConnection::begin_framing(int status,
                                             std::optional<std::uint64_t> content_length) {
  TIDEGATE_ASSUME(reply_state_ == ReplyState::none);
  reply_state_ = ReplyState::begun;
  ReplyFraming framing;
  framing.minor_version = head_.minor_version;
  framing.has_body = status_has_body(status);
  framing.content_length = content_length;
  framing.chunked = framing.has_body && !content_length && head_.minor_version > 0;
  framing.date = loop_.http_date();
  reply_chunked_ = framing.chunked;
  reply_has_body_ = framing.has_body && head_.method != "HEAD";
  reply_left_ = content_length;
  const bool until_close = framing.has_body && !content_length && !framing.chunked;
  if (until_close || !head_.keep_alive) close_after_reply_ = true;
  if (server_ != nullptr && server_->draining) close_after_reply_ = true;
  if (!decoder_.done()) {
    // A client that was never told to go on may send its body now or not at all.
    if (head_.expects_continue && !continue_sent_) close_after_reply_ = true;
    if (decoder_.known_rest().value_or(0) > kDiscardMax) close_after_reply_ = true;
  }
  framing.keep_alive = !close_after_reply_;
  return framing;
}

std::size_t ServerConnection::write(std::string_view bytes) {
  TIDEGATE_ASSUME(reply_state_ == ReplyState::begun);
  if (!is_open() || output_broken_ || !reply_has_body_ || bytes.empty()) return out_.pending();
  append_piece(bytes);
  if (out_.pending() > kCorkMax) {
    flush();
  } else {
    defer();
  }
  return out_.pending();
}

void ServerConnection::append_piece(std::string_view bytes) {
  if (reply_left_) {
    TIDEGATE_ASSUME(bytes.size() <= *reply_left_);
    bytes = bytes.substr(0, *reply_left_);
    *reply_left_ -= bytes.size();
  }
  if (reply_chunked_) {
    append_hex(out_.bytes(), bytes.size());
    out_.bytes().append("\r\n");
  }
  append_or_flush(bytes);
  if (reply_chunked_) out_.bytes().append("\r\n");
}

void ServerConnection::append_or_flush(std::string_view bytes) {
  if (bytes.size() < kSendInPlace || output_blocked_) {
    out_.bytes().append(bytes);
  } else {
    flush(bytes);
  }
}

void ServerConnection::end_reply() {
  TIDEGATE_ASSUME(reply_state_ == ReplyState::begun);
  if (reply_has_body_ && reply_left_.value_or(0) > 0) return abort();
  if (is_open() && reply_has_body_ && reply_chunked_) out_.bytes().append("0\r\n\r\n");
  end_call();
}

void ServerConnection::abort() {
  Ref self(this);
  if (is_open()) {
    flush();
    // Where only the end of the connection ends the reply, it must be a visible accident.
    const ::linger reset{.l_onoff = 1, .l_linger = 0};
    if (reply_state_ == ReplyState::begun && !reply_chunked_ && !reply_left_) {
      ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    on_gone_ = nullptr;
    close_now();
  }
  end_call();
}

void ServerConnection::on_drained(std::size_t below_bytes, Task task) {
  drained_below_ = below_bytes;
  on_drained_ = std::move(task);
  if (out_.pending() < below_bytes) defer();
}

void ServerConnection::run_on_drained() {
  if (!on_drained_ || out_.pending() >= drained_below_) return;
  Task task = std::move(on_drained_);
  on_drained_ = nullptr;
  task();
}

void ServerConnection::on_writable() {
  Ref self(this);
  output_blocked_ = false;
  flush();
  if (output_broken_) return leave();
  if (phase_ == Phase::ending) return continue_after_reply();
  run_on_drained();
}

// Sends what waits, and `more` behind it. While the socket is full this only adds to the queue.
void ServerConnection::flush(std::string_view more) {
  if (!is_open() || output_broken_) return out_.clear();
  if (output_blocked_) {
    out_.bytes().append(more);
    return;
  }
  const IoResult result = out_.flush(*this, more);
  if (result.status == IoStatus::broken) {
    output_broken_ = true;
    out_.clear();
    defer();  // to leave(): not under the feet of the handler that is writing
    return;
  }
  if (out_.pending() == 0) return write_deadline_.clear();
  output_blocked_ = true;
  write_deadline_.set(loop_.now() + server_->options.write_timeout);
  watch_writable();
}

}  // namespace tidegate::http
