#include "scoring/balancer_server.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <thread>

#include "base/check.h"
#include "http/server.h"
#include "scoring/listening.h"

namespace tidegate::scoring {

struct BalancerServer::Impl {
  Impl(BalancerServerOptions given, const Clock& clock, Random& random)
      : options(std::move(given)),
        event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        balancer(loop, options.balancer, clock, random,
                 [this](BalancerEvent what) { tell(what); }) {
    TIDEGATE_CHECK(event);
  }

  void tell(BalancerEvent what);
  void begin_drain();

  const BalancerServerOptions options;
  os::UniqueFd event;
  std::mutex mutex;
  std::vector<BalancerEvent> events;  // guarded by mutex
  http::Loop loop;
  Balancer balancer;
  Listening listening;
  std::optional<http::Server> server;
  std::optional<http::Timer> flush_timer;
  std::thread thread;
};

BalancerServer::BalancerServer(BalancerServerOptions options, const Clock& clock, Random& random)
    : impl_(std::make_unique<Impl>(std::move(options), clock, random)) {}

BalancerServer::~BalancerServer() {
  stop();
}

const std::vector<http::Address>& BalancerServer::addresses() const {
  return impl_->listening.addresses;
}

Result<> BalancerServer::start() {
  TIDEGATE_TRY(impl_->listening,
               listen_on_all(impl_->server, impl_->loop, impl_->balancer, impl_->options.addresses,
                             [balancer = &impl_->balancer](int status, std::string_view reason) {
                               return balancer->error_reply(status, reason);
                             }));
  impl_->thread = start_loop_thread([loop = &impl_->loop] { loop->run(); });
  return {};
}

void BalancerServer::Impl::tell(BalancerEvent what) {
  {
    std::lock_guard hold(mutex);
    events.push_back(what);
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(event.get(), &one, sizeof one);
}

int BalancerServer::event_fd() const {
  return impl_->event.get();
}

std::vector<BalancerEvent> BalancerServer::take_events() {
  std::uint64_t count = 0;
  [[maybe_unused]] ssize_t n = ::read(impl_->event.get(), &count, sizeof count);
  std::lock_guard hold(impl_->mutex);
  return std::exchange(impl_->events, {});
}

void BalancerServer::add(WorkerProcess process) {
  impl_->loop.post([balancer = &impl_->balancer, given = std::move(process)]() mutable {
    balancer->add(std::move(given));
  });
}

void BalancerServer::retire(int number) {
  impl_->loop.post([balancer = &impl_->balancer, number] { balancer->retire(number); });
}

void BalancerServer::ended(int number, std::string cause) {
  impl_->loop.post([balancer = &impl_->balancer, number, why = std::move(cause)]() mutable {
    balancer->ended(number, std::move(why));
  });
}

void BalancerServer::stop_admitting() {
  impl_->balancer.stop_admitting_now();
  impl_->loop.post([balancer = &impl_->balancer] { balancer->stop_admitting(); });
}

void BalancerServer::Impl::begin_drain() {
  balancer.stop_admitting();
  flush_timer.emplace(loop);
  flush_timer->start(options.flush_timeout, [this] { loop.stop(); });
  server->drain([this] { loop.stop(); });
}

void BalancerServer::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->loop.post([impl = impl_.get()] { impl->begin_drain(); });
  impl_->thread.join();
}

}  // namespace tidegate::scoring
