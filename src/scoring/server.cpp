#include "scoring/server.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <optional>
#include <thread>

#include "http/listen.h"
#include "http/server.h"

namespace tidegate::scoring {
namespace {

// Signals are the worker thread's (Python looks at them there): the loop's thread takes none.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

struct Server::Impl {
  Impl(ServerOptions given, Worker& worker, const Clock& clock, Random& random)
      : options(std::move(given)), front(loop, worker, options.front, clock, random) {}

  Result<> listen();
  void begin_drain();

  const ServerOptions options;
  http::Loop loop;
  Front front;
  std::vector<http::Address> addresses;
  std::vector<int> listeners;  // owned by `server`
  std::optional<http::Server> server;
  std::optional<http::Timer> flush_timer;
  std::thread thread;
};

Server::Server(ServerOptions options, Worker& worker, const Clock& clock, Random& random)
    : impl_(std::make_unique<Impl>(std::move(options), worker, clock, random)) {}

Server::~Server() {
  stop();
}

const std::vector<http::Address>& Server::addresses() const {
  return impl_->addresses;
}

Result<> Server::Impl::listen() {
  http::ServerOptions http_options;
  http_options.idle_timeout = Milliseconds(0);  // only the router closes idle connections
  http_options.error_reply = [this](int status, std::string_view reason) {
    return front.error_reply(status, reason);
  };
  server.emplace(loop, front, std::move(http_options));
  for (const http::Address& address : options.addresses) {
    TIDEGATE_TRY(os::UniqueFd fd, http::listen_on(address, {}));
    TIDEGATE_TRY(http::Address real, http::local_address(fd.get()));
    addresses.push_back(address.kind == http::Address::Kind::tcp ? real : address);
    listeners.push_back(fd.get());
    TIDEGATE_TRY_VOID(server->add_listener(std::move(fd)));
  }
  return {};
}

Result<> Server::start() {
  TIDEGATE_TRY_VOID(impl_->listen());
  SignalsBlocked blocked;
  impl_->thread = std::thread([loop = &impl_->loop] {
    ::pthread_setname_np(::pthread_self(), "tidegate-http");
    loop->run();
  });
  return {};
}

void Server::open(Needs needs, SwaggerDocuments swagger) {
  impl_->loop.post([front = &impl_->front, needs, documents = std::move(swagger)]() mutable {
    front->open(needs, std::move(documents));
  });
}

void Server::stop_admitting() {
  impl_->front.stop_admitting();
}

bool Server::is_stopping() const {
  return impl_->front.is_stopping();
}

void Server::end() {
  impl_->loop.post([front = &impl_->front] { front->end(); });
}

void Server::finish(Job& job) {
  impl_->loop.post([front = &impl_->front, &job] { front->finish(job); });
}

void Server::Impl::begin_drain() {
  front.stop_admitting();
  flush_timer.emplace(loop);
  flush_timer->start(options.flush_timeout, [this] { loop.stop(); });
  server->drain([this] { loop.stop(); });
}

void Server::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->loop.post([impl = impl_.get()] { impl->begin_drain(); });
  impl_->thread.join();
}

void Server::close_listeners_after_fork() {
  for (int fd : impl_->listeners) ::close(fd);
}

}  // namespace tidegate::scoring
