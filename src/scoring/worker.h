#pragma once

#include "scoring/request.h"

namespace tidegate::scoring {

// Whatever runs user code. The server admits; a worker never sees more than the limit at once.
class Worker {
 public:
  virtual ~Worker() = default;

  // An admitted request. Answered by Server::finish(job), exactly once, from any thread, maybe
  // before this returns. `job` lives until then. Called on the loop's thread, so it must not block
  // it.
  virtual void begin(Job& job) = 0;
  // The time limit of `job` has passed (job.timed_out is set): make run() come back if that can be
  // done. Called on the loop's thread, at most once for a job.
  virtual void interrupt(Job& job) = 0;
  // A job whose run() has not begun, and now never will; nullptr: there is none.
  virtual Job* take_back() { return nullptr; }
  // `job` has not come back long after interrupt(). Its caller is answered without it, and the
  // process ends soon: say where it hangs. Called on the loop's thread.
  virtual void is_stuck(Job& job) { static_cast<void>(job); }
  // No job comes any more. Called on the loop's thread.
  virtual void end() = 0;
};

}  // namespace tidegate::scoring
