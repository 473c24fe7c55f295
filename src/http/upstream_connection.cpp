#include "http/upstream_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "http/sockaddr.h"

namespace tidegate::http {

namespace {
// connect(2) on a unix socket cannot wait for room in the listener's backlog; we ask again.
constexpr Milliseconds kBacklogRetry{5};
}  // namespace

class UpstreamConnection::Call final : public UpstreamCall {
 public:
  explicit Call(UpstreamConnection& connection) : connection_(&connection) {}
  ~Call() override {
    if (!connection_) return;
    const Ref connection = std::move(connection_);
    connection->detach();
    connection->close_now();
  }
  void pause() override {
    if (connection_) connection_->paused_ = true;
  }
  void resume() override {
    if (!connection_ || !connection_->paused_) return;
    connection_->paused_ = false;
    if (connection_->is_open() && connection_->state_ == State::busy) connection_->watch_readable();
  }

 private:
  friend class UpstreamConnection;
  Ref connection_;  // null after the end
};

UpstreamConnection::UpstreamConnection(Loop::Impl& loop, UpstreamShared& owner)
    : Socket(loop), owner_(&owner), connect_deadline_(loop, *this) {}

std::unique_ptr<UpstreamCall> UpstreamConnection::connect_and_send(std::string_view head,
                                                                   const Body& body,
                                                                   UpstreamHandler& handler) {
  auto call = begin(head, body, handler);
  connect_until_ = loop_.now() + owner_->options.connect_timeout;
  connect();
  return call;
}

std::unique_ptr<UpstreamCall> UpstreamConnection::send_again(std::string_view head,
                                                             const Body& body,
                                                             UpstreamHandler& handler) {
  auto call = begin(head, body, handler);
  state_ = State::busy;
  send_request();
  if (output_broken_ && !sent_any_) return nullptr;  // ~Call closes
  return call;
}

std::unique_ptr<UpstreamCall> UpstreamConnection::begin(std::string_view head, const Body& body,
                                                        UpstreamHandler& handler) {
  auto call = std::make_unique<Call>(*this);
  call_ = call.get();
  handler_ = &handler;
  out_.bytes().append(head);
  body_ = &body;
  body_sent_ = 0;
  sent_any_ = false;
  failure_detail_.clear();
  is_head_request_ = head.starts_with("HEAD ");
  scanner_.reset();
  received_any_ = false;
  head_done_ = false;
  paused_ = false;
  return call;
}

void UpstreamConnection::connect() {
  if (owner_->address.kind == Address::Kind::tcp) return connect_tcp();
  connect_unix();
}

void UpstreamConnection::connect_tcp() {
  const Result<SocketAddress> target = tcp_socket_address(owner_->address);
  if (!target.has_value()) return fail_later(UpstreamFailure::not_sent, target.error().message);
  connect_to(*target);
}

void UpstreamConnection::connect_unix() {
  const Result<os::UnixPath> path = os::UnixPath::open(owner_->address.path);
  if (!path.has_value()) return fail_later(UpstreamFailure::not_sent, path.error().message);
  connect_to(unix_socket_address(*path));
}

void UpstreamConnection::connect_to(const SocketAddress& target) {
  os::UniqueFd socket(::socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return fail_later(UpstreamFailure::not_sent, std::strerror(errno));
  if (target.family() != AF_UNIX) {
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  const int result = ::connect(socket.get(), target.get(), target.size);
  const int error = result == 0 ? 0 : errno;
  if (error == EAGAIN) return connect_deadline_.set(loop_.now() + kBacklogRetry);
  if (error != 0 && error != EINPROGRESS) {
    return fail_later(UpstreamFailure::not_sent, std::strerror(error));
  }
  if (!attach(std::move(socket))) {
    return fail_later(UpstreamFailure::not_sent, "the event loop cannot watch a socket");
  }
  if (error == 0) return connected();
  connect_deadline_.set(connect_until_);
  watch_writable();
}

void UpstreamConnection::connected() {
  connect_deadline_.clear();
  state_ = State::busy;
  send_request();
  watch_readable();
  if (output_broken_ && !sent_any_) {
    fail_later(UpstreamFailure::not_sent, "the peer closed before it took the request");
  }
}

void UpstreamConnection::on_writable() {
  const Ref self(this);
  if (state_ == State::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(UpstreamFailure::not_sent, std::strerror(error));
    return connected();
  }
  if (state_ != State::busy) return;
  send_request();
  if (output_broken_ && !sent_any_) {
    fail(UpstreamFailure::not_sent, "the peer closed before it took the request");
  }
}

void UpstreamConnection::on_deadline(const Deadline&) {
  const Ref self(this);
  if (state_ != State::connecting) return;
  if (loop_.now() < connect_until_) return connect();
  fail(UpstreamFailure::not_sent, "no connection in time");
}

void UpstreamConnection::on_deferred() {
  const Ref self(this);
  if (failure_detail_.empty()) return;
  const std::string detail = std::move(failure_detail_);
  failure_detail_.clear();
  if (handler_ != nullptr) fail(failure_, detail);
}

// Sends as much as the socket takes.
void UpstreamConnection::send_request() {
  if (output_broken_) return;
  std::string_view more;
  if (body_->in_memory()) {
    more = body_->memory().substr(body_sent_);
    body_sent_ += more.size();  // what is not sent at once is copied
  }
  sent(out_.flush(*this, more));
  while (!output_broken_ && out_.pending() == 0 && body_sent_ < body_->size()) {
    if (!send_file_piece()) return;
  }
  if (!output_broken_ && out_.pending() > 0) watch_writable();
}

// With MSG_NOSIGNAL by way of a buffer: sendfile(2) would raise SIGPIPE.
bool UpstreamConnection::send_file_piece() {
  auto& buffer = loop_.send_scratch;
  const Result<std::size_t> n = body_->file().read_at(body_sent_, buffer.data(), buffer.size());
  if (!n.has_value() || *n == 0) {
    fail_later(sent_any_ ? UpstreamFailure::no_response : UpstreamFailure::not_sent,
               n.has_value() ? "a spilled body became shorter" : n.error().message);
    return false;
  }
  body_sent_ += *n;
  sent(out_.flush(*this, {buffer.data(), *n}));
  return true;
}

// A peer that stops taking the request may have answered before: that decides, so we read on.
void UpstreamConnection::sent(const IoResult& result) {
  if (result.bytes > 0) sent_any_ = true;
  if (result.status != IoStatus::broken) return;
  output_broken_ = true;
  out_.clear();
}

void UpstreamConnection::fail_later(UpstreamFailure failure, std::string_view detail) {
  failure_ = failure;
  failure_detail_ = detail;
  defer();
}

void UpstreamConnection::fail(UpstreamFailure failure, std::string_view detail) {
  const Ref self(this);
  UpstreamHandler* handler = detach();
  close_now();
  handler->on_failure(failure, detail);
}

void UpstreamConnection::finish(bool reusable) {
  const Ref self(this);
  UpstreamHandler* handler = detach();
  const bool sent_all = out_.pending() == 0 && body_sent_ == body_->size() && !output_broken_;
  if (reusable && sent_all && owner_ != nullptr) {
    state_ = State::idle;
    watch_readable();  // its end, or bytes nobody asked for, close it
    owner_->on_idle(*this);
  } else {
    close_now();
  }
  handler->on_done();
}

UpstreamHandler* UpstreamConnection::detach() {
  if (call_ != nullptr) call_->connection_.reset();
  call_ = nullptr;
  return std::exchange(handler_, nullptr);
}

void UpstreamConnection::close_now() {
  if (state_ == State::closed) return;
  const Ref self(this);
  state_ = State::closed;
  connect_deadline_.clear();
  out_.clear();
  close();
  if (owner_ != nullptr) owner_->on_closed(*this);
}

void UpstreamConnection::shut_down() {
  const Ref self(this);
  owner_ = nullptr;
  detach();
  close_now();
}

}  // namespace tidegate::http
