#pragma once

#include <pthread.h>

#include <atomic>
#include <memory>

#include "base/clock.h"
#include "os/fd.h"
#include "scoring/worker.h"

namespace tidegate::scoring {

// A worker that is another thread: the loop's thread puts jobs in, the worker's thread takes them
// out. A ring and one eventfd: a job costs a system call only if the worker sleeps.
class HandOver final : public Worker {
 public:
  // jobs_max: never more jobs than this wait (the server's limit).
  HandOver(std::size_t jobs_max, const Clock& clock);

  // Worker's thread. The next job, marked as started, or nullptr if none waits.
  Job* take();
  // Worker's thread. Nothing waits, and nothing will come.
  bool has_ended() const;
  // Worker's thread. Sleeps until a job may wait, wake() was called or a signal came.
  void wait();

  // Any thread, also a signal handler.
  void wake();

  // Loop's thread.
  void begin(Job& job) override;
  // SIGALRM to the worker's thread, if that is the job it runs: its handler asks for timed_out.
  void interrupt(Job& job) override;
  void end() override;

 private:
  const Clock& clock_;
  const std::size_t jobs_max_;
  os::UniqueFd event_;
  std::unique_ptr<std::atomic<Job*>[]> ring_;  // jobs_max_ places
  // 0 <= put_ - taken_ <= jobs_max_
  alignas(64) std::atomic<std::size_t> put_{0};
  alignas(64) std::atomic<std::size_t> taken_{0};
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> ended_{false};
  std::atomic<Job*> current_{nullptr};
  std::atomic<pthread_t> thread_{};
};

}  // namespace tidegate::scoring
