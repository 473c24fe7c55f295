#include "http/upstream.h"

#include "http/upstream_connection.h"

namespace tidegate::http {

struct Upstream::Impl final : UpstreamShared {
  Impl(Loop& owner, Address target, UpstreamOptions chosen)
      : UpstreamShared(std::move(target), chosen), loop(owner.impl()) {}

  void on_idle(UpstreamConnection& connection) override;
  void on_closed(UpstreamConnection& connection) override;

  Loop::Impl& loop;
  std::vector<UpstreamConnection::Ref> connections;
  // The one used last is used next: few stay in use, the others age and are closed by the peer.
  std::vector<UpstreamConnection*> idle;
};

void Upstream::Impl::on_idle(UpstreamConnection& connection) {
  if (idle.size() >= options.idle_connections_max) return connection.close_idle();
  idle.push_back(&connection);
}

void Upstream::Impl::on_closed(UpstreamConnection& connection) {
  std::erase(idle, &connection);
  const std::size_t index = connection.index;
  connections.back()->index = index;
  std::swap(connections[index], connections.back());
  connections.pop_back();
}

Upstream::Upstream(Loop& loop, Address address, UpstreamOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(address), options)) {}

Upstream::~Upstream() {
  const auto connections = std::move(impl_->connections);
  for (const auto& connection : connections) connection->shut_down();
}

std::unique_ptr<UpstreamCall> Upstream::send(std::string_view head, const Body& body,
                                             UpstreamHandler& handler) {
  while (!impl_->idle.empty()) {
    UpstreamConnection* connection = impl_->idle.back();
    impl_->idle.pop_back();
    if (auto call = connection->send_again(head, body, handler)) return call;
  }
  UpstreamConnection::Ref connection(new UpstreamConnection(impl_->loop, *impl_));
  connection->index = impl_->connections.size();
  impl_->connections.push_back(connection);
  return connection->connect_and_send(head, body, handler);
}

void Upstream::close_idle() {
  const auto idle = std::move(impl_->idle);
  impl_->idle.clear();
  for (UpstreamConnection* connection : idle) connection->close_idle();
}

std::size_t Upstream::connections() const {
  return impl_->connections.size();
}

}  // namespace tidegate::http
