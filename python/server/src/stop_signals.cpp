#include "stop_signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace tidegate::python {
namespace {

// What the handler may touch. Static, because a signal handler has nothing else.
constinit std::atomic<scoring::Server*> stopped_server{nullptr};
constinit std::atomic<pid_t> owner{0};

void on_signal(int signal_number) {
  if (::getpid() != owner.load()) {
    ::signal(signal_number, SIG_DFL);
    ::raise(signal_number);  // delivered when this handler returns
    return;
  }
  if (auto* server = stopped_server.load()) {
    server->stop_admitting();
    server->wake();
  }
}

}  // namespace

void stop_on_signals(scoring::Server& server) {
  stopped_server = &server;
  owner = ::getpid();
  struct sigaction action = {};
  action.sa_handler = &on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGTERM, &action, nullptr);
  action.sa_flags |= static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
}

void forget_signals() {
  stopped_server = nullptr;
}

}  // namespace tidegate::python
