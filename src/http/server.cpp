#include "http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/log.h"
#include "http/listener.h"
#include "http/server_connection.h"

namespace tidegate::http {

namespace {

constexpr Milliseconds kAcceptBackOff{100};
constexpr std::size_t kClosedForRoomMax = 32;  // at a time

std::atomic<std::uint64_t> servers_made{0};

// The high bits name the server, so that servers on other threads need no shared counter.
std::uint64_t first_call_id() {
  return servers_made.fetch_add(1, std::memory_order_relaxed) << 40 | 1;
}

}  // namespace

struct Server::Impl final : ServerShared, Listener::Owner {
  Impl(Loop& owner, RequestHandler& request_handler, ServerOptions server_options)
      : ServerShared(request_handler, std::move(server_options)),
        loop(owner.impl()),
        accept_again(owner),
        drained(owner) {
    next_call_id = first_call_id();
  }

  bool wants_connection() const override { return connections.size() < options.connections_max; }
  void on_accepted(os::UniqueFd fd, const SocketAddress& peer) override;
  void on_no_place() override;
  void on_accept_failed(int error) override;
  bool make_room();
  void resume_accepting();
  void on_closed(ServerConnection& connection) override;
  void close_listeners();
  void finish_drain();

  Loop::Impl& loop;
  Timer accept_again;
  Timer drained;
  Task drain_done;
  std::vector<boost::intrusive_ptr<Listener>> listeners;
  std::vector<boost::intrusive_ptr<ServerConnection>> connections;
};

void Server::Impl::on_accepted(os::UniqueFd fd, const SocketAddress& peer) {
  boost::intrusive_ptr<ServerConnection> connection(new ServerConnection(loop, *this, peer));
  if (!connection->start(std::move(fd))) return;
  connection->index = connections.size();
  connections.push_back(std::move(connection));
}

// Nobody may keep others out by connecting and saying nothing. True: some were closed.
bool Server::Impl::make_room() {
  const MonoTime limit = loop.now() - options.idle_spared;
  std::vector<ServerConnection*> idle;
  for (const auto& connection : connections) {
    if (connection->idle_since().value_or(MonoTime::max()) < limit)
      idle.push_back(connection.get());
  }
  const std::size_t count = std::min(idle.size(), kClosedForRoomMax);
  std::ranges::partial_sort(idle, idle.begin() + static_cast<std::ptrdiff_t>(count), {},
                            &ServerConnection::idle_since);
  const std::size_t before = connections.size();
  for (std::size_t i = 0; i < count; ++i) idle[i]->make_room();
  return connections.size() < before;
}

void Server::Impl::on_no_place() {
  // on_closed() goes on accepting at once, here or later.
  if (!make_room()) accept_again.start(kAcceptBackOff, [this] { resume_accepting(); });
}

void Server::Impl::on_accept_failed(int error) {
  if (make_room()) return resume_accepting();
  log(Level::warning, "accept_failed",
      {{"error", std::string_view(::strerror(error))}, {"connections", connections.size()}});
  accept_again.start(kAcceptBackOff, [this] { resume_accepting(); });
}

void Server::Impl::resume_accepting() {
  for (const auto& listener : listeners) listener->resume();
}

void Server::Impl::on_closed(ServerConnection& connection) {
  const bool was_full = !wants_connection();
  const std::size_t index = connection.index;
  connections.back()->index = index;
  std::swap(connections[index], connections.back());
  connections.pop_back();
  if (was_full) resume_accepting();
  finish_drain();
}

void Server::Impl::close_listeners() {
  for (const auto& listener : listeners) listener->stop();
  listeners.clear();
}

// By a timer, so that `done` may destroy the server.
void Server::Impl::finish_drain() {
  if (!draining || !connections.empty() || !drain_done) return;
  drained.start(Milliseconds(0), std::move(drain_done));
  drain_done = nullptr;
}

Server::Server(Loop& loop, RequestHandler& handler, ServerOptions options)
    : impl_(std::make_unique<Impl>(loop, handler, std::move(options))) {}

Server::~Server() {
  impl_->close_listeners();
  const auto connections = std::move(impl_->connections);
  impl_->connections.clear();
  for (const auto& connection : connections) connection->shut_down();
}

Result<> Server::add_listener(os::UniqueFd fd) {
  // Inherited by what is accepted. Fails on unix sockets, which know no such delay.
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  boost::intrusive_ptr<Listener> listener(new Listener(impl_->loop, *impl_));
  if (!listener->start(std::move(fd))) {
    return fail(Code::internal, "the event loop cannot watch a listening socket");
  }
  impl_->listeners.push_back(std::move(listener));
  return {};
}

void Server::drain(Task done) {
  impl_->draining = true;
  impl_->drain_done = std::move(done);
  impl_->close_listeners();
  const auto connections = impl_->connections;
  for (const auto& connection : connections) connection->drain();
  impl_->finish_drain();
}

std::size_t Server::connections() const {
  return impl_->connections.size();
}

}  // namespace tidegate::http
