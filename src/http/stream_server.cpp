#include <sys/socket.h>

#include <cerrno>
#include <unordered_map>
#include <vector>

#include "http/stream.h"
#include "http/stream_socket.h"

namespace tidegate::http {
namespace {

constexpr Milliseconds kAcceptPause{100};  // when the process is out of descriptors

class StreamListener final : public Socket {
 public:
  using Accepted = std::move_only_function<void(os::UniqueFd)>;

  StreamListener(Loop& loop, Accepted accepted)
      : Socket(loop.impl()), accepted_(std::move(accepted)), pause_(loop) {}

  bool start(os::UniqueFd fd) {
    if (!attach(std::move(fd))) return false;
    watch_readable();
    return true;
  }
  void stop() {
    pause_.cancel();
    close();
  }

 private:
  void on_readable() override {
    for (;;) {
      os::UniqueFd peer(::accept4(fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!peer && (errno == EINTR || errno == ECONNABORTED)) continue;
      if (!peer && errno == EAGAIN) return watch_readable();
      if (!peer) return pause_.start(kAcceptPause, [this] { watch_readable(); });
      accepted_(std::move(peer));
    }
  }

  Accepted accepted_;
  Timer pause_;
};

}  // namespace

struct StreamServer::Impl final : StreamSocket::Owner {
  Impl(Loop& owner, StreamHandler& to, StreamOptions chosen)
      : loop(owner), handler(to), options(chosen) {}

  void accept(os::UniqueFd fd) {
    if (streams.size() >= options.streams_max) return;  // closes it
    boost::intrusive_ptr<StreamSocket> stream(
        new StreamSocket(loop.impl(), *this, ++last_id, options.unsent_max_bytes));
    streams.emplace(stream->id(), stream);
    stream->start(std::move(fd), /*connecting=*/false);
  }

  void on_stream_open(StreamSocket& stream) override { handler.on_open(stream.id()); }
  void on_stream_bytes(StreamSocket& stream, std::string_view bytes) override {
    handler.on_bytes(stream.id(), bytes);
  }
  void on_stream_end(StreamSocket& stream) override {
    const StreamId id = stream.id();
    streams.erase(id);
    handler.on_closed(id);
  }

  Loop& loop;
  StreamHandler& handler;
  const StreamOptions options;
  StreamId last_id = 0;
  std::vector<boost::intrusive_ptr<StreamListener>> listeners;
  std::unordered_map<StreamId, boost::intrusive_ptr<StreamSocket>> streams;
};

StreamServer::StreamServer(Loop& loop, StreamHandler& handler, StreamOptions options)
    : impl_(std::make_unique<Impl>(loop, handler, options)) {}

StreamServer::~StreamServer() {
  for (auto& listener : impl_->listeners) listener->stop();
  for (auto& [id, stream] : impl_->streams) stream->abandon();
}

Result<> StreamServer::add_listener(os::UniqueFd fd) {
  boost::intrusive_ptr<StreamListener> listener(new StreamListener(
      impl_->loop, [impl = impl_.get()](os::UniqueFd peer) { impl->accept(std::move(peer)); }));
  if (!listener->start(std::move(fd))) {
    return fail(Code::internal, "the event loop does not take the listening socket");
  }
  impl_->listeners.push_back(std::move(listener));
  return {};
}

void StreamServer::write(StreamId id, std::string_view bytes) {
  if (auto found = impl_->streams.find(id); found != impl_->streams.end()) {
    found->second->write(bytes);
  }
}

void StreamServer::close(StreamId id) {
  if (auto found = impl_->streams.find(id); found != impl_->streams.end()) {
    found->second->abandon();
    impl_->streams.erase(found);
  }
}

}  // namespace tidegate::http
