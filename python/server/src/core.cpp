#include "core.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "convert.h"
#include "scoring/messages.h"
#include "stop_signals.h"
#include "traces.h"

namespace tidegate::python {
namespace {

thread_local const scoring::Job* job_here = nullptr;

scoring::ServerOptions with_exit(scoring::ServerOptions options) {
  options.on_stuck = [] { ::_exit(scoring::kStuckExitCode); };
  return options;
}

bool has_event_loops() {
  static PyObject* const kName = PyUnicode_InternFromString("asyncio");
  Ref module(kName != nullptr ? PyImport_GetModule(kName) : nullptr);
  if (!module) PyErr_Clear();
  return static_cast<bool>(module);
}

}  // namespace

Core::Jobs::Jobs(Core& owner) : HandOver(owner.clock_), core(owner) {}

// An exception is raised in another thread with the GIL held, so not here.
void Core::Jobs::interrupt(scoring::Job& job) {
  core.handler_ == Py_None ? core.server.wake() : HandOver::interrupt(job);
}

void Core::Jobs::is_stuck(scoring::Job&) {
  write_traces();
}

Core::Core(scoring::ServerOptions options)
    : scoring_timeout_(options.front.scoring_timeout),
      jobs_(*this),
      server(with_exit(std::move(options)), jobs_, clock_, random_) {}

PyObject* Core::serve(PyObject* handler) {
  handler_ = handler;
  thread_state_ = PyEval_SaveThread();
  const bool ended_well = server.serve(*this, handler == Py_None ? nullptr : &jobs_);
  PyEval_RestoreThread(thread_state_);
  PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  set_wakeup_fd(-1);
  PyErr_Restore(type, value, traceback);
  return ended_well ? new_none() : nullptr;
}

void Core::run(scoring::Job& job) {
  PyEval_RestoreThread(thread_state_);
  answer(handler_, job);
  // At once, since the next signal may come at once; two system calls, so not for every script.
  if (has_event_loops()) keep_stop_signals();
  thread_state_ = PyEval_SaveThread();
}

void Core::answer(PyObject* handler, scoring::Job& job) {
  job_here = &job;
  if (!run_handler(handler, job, server)) {
    // The handler answers for user code; what arrives here is a mistake of ours, or a time limit
    // that ran out while it was dealing with an exception.
    PyErr_WriteUnraisable(handler);
    job.outcome = {.status = 500, .body = scoring::message_body(scoring::kInternal)};
    if (job.timed_out.load()) {
      job.outcome = {.status = 500,
                     .body = scoring::timeout_body(scoring_timeout_),
                     .failed = scoring::Outcome::Failed::yes};
    }
  }
  job_here = nullptr;
  // run() forked, and this is the child: the reply is its parent's to give.
  if (forked_) ::_exit(0);
}

bool Core::attend() {
  PyEval_RestoreThread(thread_state_);
  // Again and again: an event loop of the script's may have taken it away.
  set_wakeup_fd(server.wake_fd());
  interrupt_runners();
  const bool goes_on = PyErr_CheckSignals() == 0;
  thread_state_ = PyEval_SaveThread();
  return goes_on;
}

// Needs the main thread; elsewhere (a test's) there are no signals to wait for.
void Core::set_wakeup_fd(int fd) {
  Ref module(PyImport_ImportModule("signal"));
  Ref function(module ? PyObject_GetAttrString(module.get(), "set_wakeup_fd") : nullptr);
  Ref args(Py_BuildValue("(i)", fd));
  Ref kwargs(Py_BuildValue("{s:O}", "warn_on_full_buffer", Py_False));
  Ref result(function && args && kwargs ? PyObject_Call(function.get(), args.get(), kwargs.get())
                                        : nullptr);
  if (!result) PyErr_Clear();
}

void Core::work(PyObject* handler, PyObject* timeout) {
  Runner runner{.thread_id = PyThread_get_thread_ident(), .timeout = timeout};
  runners_.push_back(&runner);
  for (;;) {
    scoring::Job* job = nullptr;
    {
      GilReleased released;
      job = jobs_.wait_and_take();
    }
    if (job == nullptr) break;
    runner.job = job;
    answer(handler, *job);
    runner.job = nullptr;
    // One that was raised too late must not hit the next request. Nothing can be raised between
    // these lines: the GIL is held.
    if (std::exchange(runner.is_interrupted, false)) {
      PyThreadState_SetAsyncExc(runner.thread_id, nullptr);
    }
    server.finish(*job);
  }
  std::erase(runners_, &runner);
}

void Core::interrupt_runners() {
  for (Runner* runner : runners_) {
    if (runner->job == nullptr || !runner->job->timed_out.load()) continue;
    if (std::exchange(runner->is_interrupted, true)) continue;
    PyThreadState_SetAsyncExc(runner->thread_id, runner->timeout);
  }
}

const scoring::Job* Core::current() const {
  return job_here;
}

void Core::after_fork_in_child() {
  forked_ = true;
  server.close_listeners_after_fork();
  set_wakeup_fd(-1);
}

}  // namespace tidegate::python
