#include "scoring/hand_over.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.h"

namespace tidegate::scoring {

HandOver::HandOver(std::size_t jobs_max, const Clock& clock)
    : clock_(clock),
      jobs_max_(jobs_max),
      event_(::eventfd(0, EFD_CLOEXEC)),
      ring_(std::make_unique<std::atomic<Job*>[]>(jobs_max)) {
  TIDEGATE_CHECK(event_);
}

void HandOver::begin(Job& job) {
  const std::size_t place = put_.load(std::memory_order_relaxed);
  TIDEGATE_CHECK(place - taken_.load() < jobs_max_);
  ring_[place % jobs_max_].store(&job, std::memory_order_relaxed);
  // Sequentially consistent, as in wait(): either we see that it sleeps or it sees the job.
  put_.store(place + 1);
  if (sleeping_.exchange(false)) wake();
}

Job* HandOver::take() {
  current_.store(nullptr);
  const std::size_t place = taken_.load(std::memory_order_relaxed);
  if (place == put_.load()) return nullptr;
  Job* job = ring_[place % jobs_max_].load(std::memory_order_relaxed);
  taken_.store(place + 1);
  job->started_ns.store(clock_.mono().time_since_epoch().count(), std::memory_order_relaxed);
  thread_.store(::pthread_self(), std::memory_order_relaxed);
  current_.store(job);
  return job;
}

void HandOver::wait() {
  sleeping_.store(true);
  if (taken_.load(std::memory_order_relaxed) == put_.load()) {
    std::uint64_t count = 0;
    [[maybe_unused]] ssize_t n = ::read(event_.get(), &count, sizeof count);
  }
  sleeping_.store(false);
}

bool HandOver::has_ended() const {
  return ended_.load() && taken_.load(std::memory_order_relaxed) == put_.load();
}

void HandOver::end() {
  ended_.store(true);
  wake();
}

void HandOver::wake() {
  const int saved_errno = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(event_.get(), &one, sizeof one);
  errno = saved_errno;
}

void HandOver::interrupt(Job& job) {
  // The worker may have gone on to another job a moment ago: then the handler finds that one's
  // timed_out unset and does nothing.
  if (current_.load() == &job) ::pthread_kill(thread_.load(), SIGALRM);
}

}  // namespace tidegate::scoring
