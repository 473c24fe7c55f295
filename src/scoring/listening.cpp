#include "scoring/listening.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

#include "http/listen.h"

namespace tidegate::scoring {

Result<Listening> listen_on_all(std::optional<http::Server>& server, http::Loop& loop,
                                http::RequestHandler& handler,
                                const std::vector<http::Address>& addresses,
                                std::function<http::Reply(int, std::string_view)> error_reply) {
  http::ServerOptions options;
  options.idle_timeout = Milliseconds(0);  // only the router closes idle connections
  options.error_reply = std::move(error_reply);
  server.emplace(loop, handler, std::move(options));
  Listening listening;
  for (const http::Address& address : addresses) {
    TIDEGATE_TRY(os::UniqueFd fd, http::listen_on(address, {}));
    TIDEGATE_TRY(http::Address real, http::local_address(fd.get()));
    listening.addresses.push_back(address.kind == http::Address::Kind::tcp ? real : address);
    listening.listeners.push_back(fd.get());
    TIDEGATE_TRY_VOID(server->add_listener(std::move(fd)));
  }
  return listening;
}

std::thread start_loop_thread(std::function<void()> run) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread([run = std::move(run)] {
    ::pthread_setname_np(::pthread_self(), "tidegate-http");
    run();
  });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace tidegate::scoring
