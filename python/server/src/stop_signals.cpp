#include "stop_signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace tidegate::python {
namespace {

// What the handler may touch. Static, because a signal handler has nothing else.
constinit std::atomic<scoring::Server*> stopped_server{nullptr};
constinit std::atomic<pid_t> owner{0};
constinit std::atomic<bool> is_interrupted{false};

void on_signal(int signal_number) {
  if (::getpid() != owner.load()) {
    ::signal(signal_number, SIG_DFL);
    ::raise(signal_number);  // delivered when this handler returns
    return;
  }
  if (signal_number == SIGINT) is_interrupted = true;
  if (auto* server = stopped_server.load()) {
    server->stop_admitting();
    server->wake();
  }
}

// SIGINT once: a second one ends the process.
void take(int signal_number) {
  struct sigaction action = {};
  action.sa_handler = &on_signal;
  action.sa_flags = SA_RESTART | (signal_number == SIGINT ? static_cast<int>(SA_RESETHAND) : 0);
  ::sigaction(signal_number, &action, nullptr);
}

bool is_taken(int signal_number) {
  struct sigaction now = {};
  return ::sigaction(signal_number, nullptr, &now) == 0 && now.sa_handler == &on_signal;
}

}  // namespace

void stop_on_signals(scoring::Server& server) {
  stopped_server = &server;
  owner = ::getpid();
  take(SIGTERM);
  take(SIGINT);
}

void keep_stop_signals() {
  if (stopped_server.load() == nullptr || ::getpid() != owner.load()) return;
  if (!is_taken(SIGTERM)) take(SIGTERM);
  if (!is_interrupted.load() && !is_taken(SIGINT)) take(SIGINT);
}

void forget_signals() {
  stopped_server = nullptr;
}

}  // namespace tidegate::python
