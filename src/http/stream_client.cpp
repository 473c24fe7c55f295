#include <cerrno>

#include "http/sockaddr.h"
#include "http/stream.h"
#include "http/stream_socket.h"

namespace tidegate::http {
namespace {

struct Connecting {
  os::UniqueFd fd;
  bool pending = false;
};

Result<SocketAddress> resolve(const Address& address, std::optional<os::UnixPath>& keep) {
  if (address.kind == Address::Kind::tcp) return tcp_socket_address(address);
  TIDEGATE_TRY(os::UnixPath path, os::UnixPath::open(address.path));
  keep.emplace(std::move(path));
  return unix_socket_address(*keep);
}

Result<Connecting> begin_connect(const Address& address) {
  std::optional<os::UnixPath> path;  // its folder's descriptor is in the socket address
  TIDEGATE_TRY(SocketAddress target, resolve(address, path));
  os::UniqueFd fd(::socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("cannot open a socket");
  if (::connect(fd.get(), target.get(), target.size) == 0) {
    return Connecting{.fd = std::move(fd), .pending = false};
  }
  if (errno != EINPROGRESS) return fail_errno("cannot connect to " + address.text());
  return Connecting{.fd = std::move(fd), .pending = true};
}

}  // namespace

struct StreamClient::Impl final : StreamSocket::Owner {
  Impl(Loop& owner, Address target, StreamHandler& to, StreamOptions chosen)
      : loop(owner), address(std::move(target)), handler(to), options(chosen), retry(owner) {}

  void connect() {
    Result<Connecting> begun = begin_connect(address);
    if (!begun) return connect_later();
    stream = new StreamSocket(loop.impl(), *this, ++last_id, options.unsent_max_bytes);
    is_open = false;
    stream->start(std::move(begun->fd), begun->pending);
  }
  void connect_later() {
    retry.start(options.retry_delay, [this] { connect(); });
  }
  void give_up() {
    if (stream) stream->abandon();
    stream.reset();
  }

  void on_stream_open(StreamSocket& socket) override {
    is_open = true;
    handler.on_open(socket.id());
  }
  void on_stream_bytes(StreamSocket& socket, std::string_view bytes) override {
    handler.on_bytes(socket.id(), bytes);
  }
  void on_stream_end(StreamSocket& socket) override {
    const StreamId id = socket.id();
    stream.reset();
    connect_later();
    if (is_open) handler.on_closed(id);
  }

  Loop& loop;
  const Address address;
  StreamHandler& handler;
  const StreamOptions options;
  Timer retry;
  StreamId last_id = 0;
  bool is_open = false;
  boost::intrusive_ptr<StreamSocket> stream;
};

StreamClient::StreamClient(Loop& loop, Address address, StreamHandler& handler,
                           StreamOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(address), handler, options)) {}

StreamClient::~StreamClient() {
  impl_->give_up();
}

void StreamClient::start() {
  impl_->connect();
}

void StreamClient::write(std::string_view bytes) {
  if (impl_->stream) impl_->stream->write(bytes);
}

void StreamClient::reconnect() {
  impl_->give_up();
  impl_->connect_later();
}

}  // namespace tidegate::http
