#include "http/server_connection.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <utility>

namespace tidegate::http {

namespace {

// Room behind a head, which cannot move any more, for the body's first bytes.
constexpr std::size_t kRoomBehindHead = 4UL << 10;
constexpr Milliseconds kLingerTime{2'000};

}  // namespace

ServerConnection::ServerConnection(Loop::Impl& loop, ServerShared& server,
                                   const SocketAddress& peer)
    : Socket(loop),
      server_(&server),
      peer_(peer),
      read_deadline_(loop, *this),
      write_deadline_(loop, *this) {}

bool ServerConnection::start(os::UniqueFd fd) {
  if (!attach(std::move(fd))) return false;
  next_request();
  watch_readable();
  return true;
}

void ServerConnection::drain() {
  if (phase_ != Phase::idle) return;
  // A request may have arrived that we have not looked at.
  on_readable();
}

std::optional<MonoTime> ServerConnection::idle_since() const {
  if (phase_ != Phase::idle) return std::nullopt;
  return idle_since_;
}

void ServerConnection::make_room() {
  int unread = 0;
  ::ioctl(fd(), FIONREAD, &unread);
  if (phase_ == Phase::idle && unread == 0) close_now();
}

void ServerConnection::shut_down() {
  server_ = nullptr;
  leave();
}

void ServerConnection::on_readable() {
  Ref self(this);  // a handler may drop the server
  if (phase_ == Phase::lingering) return read_lingering();
  if (phase_ == Phase::call && body_state_ == BodyState::reading) return read_body_bytes();
  if (phase_ == Phase::idle || phase_ == Phase::head) in_.reserve_room(1);
  if (in_.room_bytes() == 0) return watch_input();
  const IoResult result = receive(in_.room(), in_.room_bytes());
  switch (result.status) {
    case IoStatus::would_block:
      break;
    case IoStatus::end:
      return on_end_of_input();
    case IoStatus::broken:
      return leave();
    case IoStatus::ok:
      in_.received(result.bytes);
  }
  if (phase_ == Phase::ending) return continue_after_reply();
  if (phase_ == Phase::call) return watch_input();
  serve_buffered();
}

void ServerConnection::on_end_of_input() {
  end_of_input_ = true;
  // Half a request will never be whole.
  if (phase_ != Phase::call) return close_now();
  watch_input();
}

void ServerConnection::on_deferred() {
  Ref self(this);
  if (output_broken_) return leave();
  if (phase_ == Phase::idle || phase_ == Phase::head) return serve_buffered();
  if (phase_ == Phase::call && body_state_ == BodyState::reading && end_of_input_) return leave();
  flush();
  run_on_drained();
}

void ServerConnection::on_deadline(const Deadline& which) {
  Ref self(this);
  if (&which == &write_deadline_) return leave();
  if (phase_ == Phase::head) return refuse(408, "the request did not arrive in time");
  if (phase_ == Phase::call) return body_timed_out();
  close_now();
}

// Serves what is complete in the buffer, then sees how to go on.
void ServerConnection::serve_buffered() {
  if (serving_) return;
  serving_ = true;
  while (serve_one()) {
  }
  serving_ = false;
  if (phase_ == Phase::idle && server_ != nullptr && server_->draining) return close_now();
  if (phase_ == Phase::idle && end_of_input_) return close_now();
  if (phase_ == Phase::head && end_of_input_) return close_now();
  watch_input();
}

// Whether a request was served, and another may be.
bool ServerConnection::serve_one() {
  if (phase_ != Phase::idle && phase_ != Phase::head) return false;
  // Some clients send an empty line after a body (RFC 9112 section 2.2).
  while (phase_ == Phase::idle && in_.rest().starts_with("\r\n")) in_.consume(2);
  if (in_.rest().empty()) return false;
  const ServerOptions& options = server_->options;
  if (phase_ == Phase::idle && in_.rest() != "\r") {
    phase_ = Phase::head;
    read_deadline_.set(loop_.now() + options.head_timeout);
  }
  switch (scanner_.scan(in_.rest())) {
    case HeadScanner::Status::invalid:
      refuse(400, "malformed header line");
      return false;
    case HeadScanner::Status::incomplete:
      if (in_.rest().size() >= options.head_max_bytes) refuse(431, "the request head is too large");
      return false;
    case HeadScanner::Status::complete:
      break;
  }
  const std::size_t head_size = scanner_.head_size();
  if (head_size > options.head_max_bytes) {
    refuse(431, "the request head is too large");
    return false;
  }
  start_call(head_size);
  return phase_ == Phase::idle;
}

void ServerConnection::start_call(std::size_t head_size) {
  in_.reserve_room(kRoomBehindHead);
  const Refusal refusal = parser_.parse(in_.rest().substr(0, head_size), head_);
  if (refusal) return refuse(refusal.status, refusal.reason);
  in_.pin(head_size);
  phase_ = Phase::call;
  read_deadline_.clear();
  call_id_ = server_->next_call_id++;
  if (head_.chunked) {
    decoder_.start_chunked();
  } else {
    decoder_.start_length(head_.content_length.value_or(0));
  }
  body_state_ = BodyState::unread;
  continue_sent_ = false;
  discarded_ = 0;
  reply_state_ = ReplyState::none;
  server_->handler.on_request(*this);
}

// Answers what never became a call.
void ServerConnection::refuse(int status, std::string_view reason) {
  append_refusal(status, reason);
  refused_ = true;
  phase_ = Phase::ending;
  close_after_reply_ = true;
  flush();
  continue_after_reply();
}

void ServerConnection::append_refusal(int status, std::string_view reason) {
  Reply reply;
  if (server_->options.error_reply) {
    reply = server_->options.error_reply(status, reason);
  } else {
    reply.headers.emplace_back("Content-Type", "text/plain");
    reply.body.append(reason).append("\n");
  }
  reply.status = status;
  ReplyFraming framing;
  framing.keep_alive = false;
  framing.content_length = reply.body.size();
  framing.date = loop_.http_date();
  append_reply_head(out_.bytes(), reply, framing);
  out_.bytes().append(reply.body);
}

// The handler has nothing more to do with this exchange.
void ServerConnection::end_call() {
  Ref self(this);
  reply_state_ = ReplyState::ended;
  on_gone_ = nullptr;
  on_drained_ = nullptr;
  body_done_ = nullptr;
  body_.clear();
  if (!is_open()) {
    phase_ = Phase::closed;
    self_.reset();
    return;
  }
  phase_ = Phase::ending;
  flush();
  continue_after_reply();
}

// In phase ending: what must happen before the next request, or the close.
void ServerConnection::continue_after_reply() {
  if (phase_ != Phase::ending) return;
  if (output_broken_) return close_now();
  if (out_.pending() > 0) return;  // on_writable() comes back here
  if (close_after_reply_) return linger();
  if (!discard_body()) return;
  next_request();
  if (serving_) return;  // its loop goes on
  if (!in_.rest().empty()) return defer();
  serve_buffered();
}

// True when the request's body has been thrown away to its end.
bool ServerConnection::discard_body() {
  while (!decoder_.done()) {
    const BodyStep step = decoder_.step(parser_, in_.rest());
    in_.consume(step.consumed);
    if (step.status == BodyStep::Status::invalid) {
      linger();
      return false;
    }
    discarded_ += step.consumed;
    if (discarded_ > kDiscardMax) {
      linger();
      return false;
    }
    if (step.consumed > 0) continue;
    if (end_of_input_ || in_.room_bytes() == 0) {
      close_now();
      return false;
    }
    read_deadline_.set(loop_.now() + server_->options.body_timeout);
    watch_readable();
    return false;
  }
  return true;
}

void ServerConnection::next_request() {
  in_.unpin();
  scanner_.reset();
  phase_ = Phase::idle;
  idle_since_ = loop_.now();
  const Milliseconds idle_timeout = server_->options.idle_timeout;
  if (idle_timeout > Milliseconds(0)) {
    read_deadline_.set(loop_.now() + idle_timeout);
  } else {
    read_deadline_.clear();
  }
}

void ServerConnection::watch_input() {
  if (!is_open() || phase_ == Phase::ending || phase_ == Phase::lingering) return;
  const bool can_read = phase_ != Phase::call || in_.room_bytes() > 0;
  if (!end_of_input_ && can_read) return watch_readable();
  watch_hangup();
}

// Closes in a way that lets the reply arrive: at once, unless bytes came that we have not read,
// which would make the kernel send a reset.
void ServerConnection::linger() {
  int unread = 0;
  ::ioctl(fd(), FIONREAD, &unread);
  const bool read_all = decoder_.done() && in_.rest().empty() && unread == 0;
  if (end_of_input_ || (read_all && !refused_)) return close_now();
  write_deadline_.clear();
  ::shutdown(fd(), SHUT_WR);
  phase_ = Phase::lingering;
  read_deadline_.set(loop_.now() + kLingerTime);
  watch_readable();
}

void ServerConnection::read_lingering() {
  const IoResult result = receive(loop_.scratch.data(), loop_.scratch.size());
  if (result.status == IoStatus::end || result.status == IoStatus::broken) return close_now();
  watch_readable();
}

// No call is active.
void ServerConnection::close_now() {
  if (!is_open()) return;
  Ref self(this);
  phase_ = Phase::closed;
  read_deadline_.clear();
  write_deadline_.clear();
  close();
  if (server_ != nullptr) server_->on_closed(*this);
}

// The client has left, or is given up. A handler that has a call hears of it.
void ServerConnection::leave() {
  Ref self(this);
  const bool in_call = phase_ == Phase::call;
  Task gone = std::move(on_gone_);
  auto body_done = std::move(body_done_);
  on_gone_ = nullptr;
  body_done_ = nullptr;
  close_now();
  if (!in_call) return;
  if (gone) {
    end_call();
    gone();
    return;
  }
  // The handler asked for nothing and will reply to nobody: keep the call until then.
  phase_ = Phase::call;
  self_ = self;
  body_state_ = BodyState::finished;
  if (body_done) body_done(fail(Code::cancelled, "the client left"));
}

}  // namespace tidegate::http
