#pragma once

#include <vector>

#include "base/clock.h"
#include "http/loop.h"
#include "scoring/worker.h"

namespace tidegate::scoring {

// Interrupts jobs whose run() takes longer than the limit. One timer for all jobs, which is left to
// run out rather than moved, so that a request costs no timer at all. Belongs to the loop's thread.
class TimeLimit {
 public:
  // limit 0: none.
  TimeLimit(http::Loop& loop, Worker& worker, const Clock& clock, Milliseconds limit);

  void add(Job& job);
  void remove(Job& job);

 private:
  void arm(MonoTime::duration delay);
  void check();

  Worker& worker_;
  const Clock& clock_;
  const Milliseconds limit_;
  http::Timer timer_;
  bool armed_ = false;
  std::vector<Job*> jobs_;
};

}  // namespace tidegate::scoring
