#pragma once

#include <vector>

#include "os/real_clock.h"
#include "os/real_random.h"
#include "python.h"
#include "scoring/server.h"

namespace tidegate::python {

// The scoring server and the Python threads that run user code for it: the main thread, which also
// serves the sockets, or threads of their own.
class Core final : private scoring::MainThread {
 public:
  // With the GIL held; as all that follows, but for `server`.
  explicit Core(scoring::ServerOptions options);

  // New reference, or nullptr with an error that a signal handler of the script raised.
  PyObject* serve(PyObject* handler);
  void work(PyObject* handler, PyObject* timeout);

  // What this thread runs, or nullptr.
  const scoring::Job* current() const;

  void after_fork_in_child();
  // We are in a child that the script has forked: the sockets are its parent's.
  bool is_forked() const { return forked_; }

 private:
  // A thread in work().
  struct Runner {
    unsigned long thread_id;
    scoring::Job* job = nullptr;
    PyObject* timeout;  // borrowed from work()'s arguments
    bool is_interrupted = false;
  };

  struct Jobs final : scoring::HandOver {
    explicit Jobs(Core& core);
    void interrupt(scoring::Job& job) override;
    void is_stuck(scoring::Job& job) override;
    Core& core;
  };

  // For scoring::Server::serve(), which calls without the GIL.
  void run(scoring::Job& job) override;
  bool attend() override;

  void answer(PyObject* handler, scoring::Job& job);
  void interrupt_runners();
  // Python's signal handlers end our wait: their C part writes to this descriptor. -1: none.
  void set_wakeup_fd(int fd);

  const Milliseconds scoring_timeout_;
  os::RealClock clock_;
  os::RealRandom random_;
  Jobs jobs_;
  PyObject* handler_ = nullptr;            // borrowed while in serve(); None: threads run the jobs
  PyThreadState* thread_state_ = nullptr;  // of the thread in serve(), while it is without the GIL
  std::vector<Runner*> runners_;
  bool forked_ = false;

 public:
  scoring::Server server;
};

}  // namespace tidegate::python
