#pragma once

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "base/clock.h"
#include "scoring/worker.h"

namespace tidegate::scoring {

// The queue between the loop's thread, which puts jobs in, and those who run them: the main thread,
// which looks in between two turns of the loop, or threads that sleep in wait_and_take().
class HandOver : public Worker {
 public:
  explicit HandOver(const Clock& clock) : clock_(clock) {}

  // The main thread's way. The next job, marked as started, or nullptr if none waits.
  Job* take();
  // The main thread has come back from the job that it took.
  void leave() { current_.store(nullptr); }
  // A thread's way: sleeps until there is a job. nullptr: none will come any more.
  Job* wait_and_take();
  bool has_waiting() const { return waiting_count_.load() > 0; }  // any thread

  // Loop's thread.
  void begin(Job& job) override;
  // SIGALRM to the main thread, if that is the job it runs: its handler asks for timed_out.
  void interrupt(Job& job) override;
  Job* take_back() override;
  void end() override;

 private:
  Job* pop();

  const Clock& clock_;

  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<Job*> waiting_;  // guarded by mutex_
  bool ended_ = false;        // guarded by mutex_
  int sleepers_ = 0;          // guarded by mutex_

  // Own synchronisation.
  std::atomic<std::size_t> waiting_count_{0};
  std::atomic<Job*> current_{nullptr};  // the main thread's
  std::atomic<pthread_t> thread_{};
};

}  // namespace tidegate::scoring
