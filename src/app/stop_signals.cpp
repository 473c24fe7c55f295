#include "app/stop_signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"

namespace tidegate::app {

StopSignals::StopSignals(std::function<void()> on_stop) : quit_(::eventfd(0, EFD_CLOEXEC)) {
  sigset_t set;
  ::sigemptyset(&set);
  for (int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC));
  TIDEGATE_CHECK(quit_ && signals_);
  thread_ = std::thread([this, on_stop = std::move(on_stop)] {
    for (;;) {
      pollfd waiting[] = {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                          {.fd = quit_.get(), .events = POLLIN, .revents = 0}};
      ::poll(waiting, 2, -1);
      if (waiting[1].revents != 0) return;
      signalfd_siginfo info;
      if (waiting[0].revents != 0 && ::read(signals_.get(), &info, sizeof info) == sizeof info) {
        on_stop();
      }
    }
  });
}

StopSignals::~StopSignals() {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(quit_.get(), &one, sizeof one);
  thread_.join();
}

}  // namespace tidegate::app
