#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "base/check.h"
#include "scoring/worker.h"

namespace tidegate::scoring {

// Keeps the jobs that it gets until the test asks for them.
class HeldWorker final : public Worker {
 public:
  void begin(Job& job) override { put(jobs_, &job); }
  void interrupt(Job& job) override { put(interrupted_, &job); }
  void end() override {
    std::lock_guard hold(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  Job& next() { return take(jobs_); }
  Job& next_interrupted() { return take(interrupted_); }
  bool holds_none() {
    std::lock_guard hold(mutex_);
    return jobs_.empty();
  }
  void wait_for_end() {
    std::unique_lock hold(mutex_);
    TIDEGATE_CHECK(changed_.wait_for(hold, kPatience, [this] { return ended_; }));
  }

 private:
  void put(std::deque<Job*>& queue, Job* job) {
    std::lock_guard hold(mutex_);
    queue.push_back(job);
    changed_.notify_all();
  }
  Job& take(std::deque<Job*>& queue) {
    std::unique_lock hold(mutex_);
    TIDEGATE_CHECK(changed_.wait_for(hold, kPatience, [&queue] { return !queue.empty(); }));
    Job* job = queue.front();
    queue.pop_front();
    return *job;
  }

  static constexpr std::chrono::seconds kPatience{30};  // then the test has failed, loudly
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job*> jobs_;
  std::deque<Job*> interrupted_;
  bool ended_ = false;
};

}  // namespace tidegate::scoring
