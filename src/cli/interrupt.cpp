#include "cli/interrupt.h"

#include <poll.h>
#include <signal.h>

namespace tidegate::cli {
namespace {

volatile sig_atomic_t interrupted = 0;

void on_interrupt(int) {
  interrupted = 1;
}

}  // namespace

SignalWaiter::~SignalWaiter() {
  if (installed_) ::signal(SIGINT, SIG_DFL);
}

// Only once something waits, or has begun at the server: until then Ctrl-C should simply end the
// command.
void SignalWaiter::watch() {
  if (installed_) return;
  installed_ = true;
  struct sigaction action{};
  action.sa_handler = &on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
}

bool SignalWaiter::wait(Milliseconds time) {
  watch();
  if (interrupted == 0) ::poll(nullptr, 0, static_cast<int>(time.count()));
  return interrupted == 0;
}

bool SignalWaiter::is_interrupted() {
  return interrupted != 0;
}

}  // namespace tidegate::cli
