#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "http/loop.h"

namespace tidegate::control {

// Threads for what may block. Results come back to the loop. With one thread it is a lane: jobs run
// one after another, and their results arrive in that order.
class Workers {
 public:
  Workers(http::Loop& loop, int threads, std::size_t queue_max = 10'000);
  // Waits for jobs that run; those still queued are dropped, and so are results.
  ~Workers();
  Workers(const Workers&) = delete;

  // work() on a worker, then done(its result) on the loop. False: the queue is full, nothing
  // happens.
  template <class Work, class Done>
  bool start(Work work, Done done) {
    return enqueue([this, work = std::move(work), done = std::move(done)]() mutable {
      auto result = work();
      loop_.post([this, done = std::move(done), result = std::move(result)]() mutable {
        --under_way_;
        done(std::move(result));
      });
    });
  }
  // Nothing is queued, runs, or has a result on its way. Loop's thread.
  bool is_idle() const { return under_way_ == 0; }

 private:
  bool enqueue(http::Task job);
  void run();

  http::Loop& loop_;
  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<http::Task> queue_;  // guarded by mutex_
  bool stopping_ = false;         // guarded by mutex_
  std::atomic<int> under_way_ = 0;
  std::vector<std::thread> threads_;  // constant after construction
};

}  // namespace tidegate::control
