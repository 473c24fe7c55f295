#include <unordered_map>
#include <vector>

#include "http/listener.h"
#include "http/stream.h"
#include "http/stream_socket.h"

namespace tidegate::http {
namespace {

constexpr Milliseconds kAcceptPause{100};  // when the process is out of descriptors

}  // namespace

struct StreamServer::Impl final : StreamSocket::Owner, Listener::Owner {
  Impl(Loop& owner, StreamHandler& to, StreamOptions chosen)
      : loop(owner), handler(to), options(chosen), accept_pause(owner) {}

  bool wants_connection() const override { return true; }
  void on_accept_failed(int) override {
    accept_pause.start(kAcceptPause, [this] {
      for (auto& listener : listeners) listener->resume();
    });
  }
  void on_accepted(os::UniqueFd fd, const SocketAddress&) override {
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
  Timer accept_pause;
  StreamId last_id = 0;
  std::vector<boost::intrusive_ptr<Listener>> listeners;
  std::unordered_map<StreamId, boost::intrusive_ptr<StreamSocket>> streams;
};

StreamServer::StreamServer(Loop& loop, StreamHandler& handler, StreamOptions options)
    : impl_(std::make_unique<Impl>(loop, handler, options)) {}

StreamServer::~StreamServer() {
  for (auto& listener : impl_->listeners) listener->stop();
  for (auto& [id, stream] : impl_->streams) stream->abandon();
}

Result<> StreamServer::add_listener(os::UniqueFd fd) {
  boost::intrusive_ptr<Listener> listener(new Listener(impl_->loop.impl(), *impl_));
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
