#include "traces.h"

#include <signal.h>

namespace tidegate::python {

void write_traces() {
  const int number = SIGRTMAX - 1;  // as in worker.py; the last is often a debugger's
  struct sigaction action = {};
  if (::sigaction(number, nullptr, &action) != 0) return;
  if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) return;
  sigset_t only;
  sigset_t before;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  ::pthread_sigmask(SIG_UNBLOCK, &only, &before);
  ::raise(number);  // to this thread: handled before it returns
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace tidegate::python
