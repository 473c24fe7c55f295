#pragma once

#include <functional>
#include <vector>

#include "base/clock.h"
#include "http/loop.h"
#include "scoring/worker.h"

namespace tidegate::scoring {

// How long after its time limit a run() that was interrupted may take to come back: a tenth of the
// limit, but 1 s to 30 s.
Milliseconds grace_after(Milliseconds limit);

// Interrupts jobs whose run() takes longer than the limit, and says which do not come back. One
// timer for all jobs, which is left to run out rather than moved, so that a request costs no timer
// at all. Belongs to the loop's thread.
class TimeLimit {
 public:
  // limit 0: none. on_stuck: the grace of a job is over; said once for each.
  TimeLimit(http::Loop& loop, Worker& worker, const Clock& clock, Milliseconds limit,
            std::function<void(Job&)> on_stuck);

  void add(Job& job);
  void remove(Job& job);

 private:
  struct Watched {
    Job* job;
    bool is_stuck = false;
  };

  void arm(MonoTime::duration delay);
  void check();
  // What is left until something must happen to this job; makes it happen if it is due. zero:
  // never.
  MonoTime::duration advance(Watched& watched, MonoTime now);

  Worker& worker_;
  const Clock& clock_;
  const Milliseconds limit_;
  const std::function<void(Job&)> on_stuck_;
  http::Timer timer_;
  bool armed_ = false;
  std::vector<Watched> jobs_;
};

}  // namespace tidegate::scoring
