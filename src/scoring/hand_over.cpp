#include "scoring/hand_over.h"

#include <signal.h>

namespace tidegate::scoring {

void HandOver::begin(Job& job) {
  std::lock_guard hold(mutex_);
  waiting_.push_back(&job);
  waiting_count_.store(waiting_.size());
  if (sleepers_ > 0) came_.notify_one();
}

// With mutex_ held.
Job* HandOver::pop() {
  if (waiting_.empty()) return nullptr;
  Job* job = waiting_.front();
  waiting_.pop_front();
  waiting_count_.store(waiting_.size());
  return job;
}

Job* HandOver::take() {
  if (!has_waiting()) return nullptr;
  std::lock_guard hold(mutex_);
  Job* job = pop();
  if (job == nullptr) return nullptr;
  // Under the mutex: whoever takes jobs back finds each either waiting or started.
  job->started_ns.store(clock_.mono().time_since_epoch().count());
  thread_.store(::pthread_self(), std::memory_order_relaxed);
  current_.store(job);
  return job;
}

Job* HandOver::wait_and_take() {
  std::unique_lock hold(mutex_);
  ++sleepers_;
  came_.wait(hold, [this] { return ended_ || !waiting_.empty(); });
  --sleepers_;
  Job* job = pop();
  if (job != nullptr) job->started_ns.store(clock_.mono().time_since_epoch().count());
  return job;
}

Job* HandOver::take_back() {
  std::lock_guard hold(mutex_);
  return pop();
}

void HandOver::end() {
  std::lock_guard hold(mutex_);
  ended_ = true;
  came_.notify_all();
}

void HandOver::interrupt(Job& job) {
  // The main thread may have gone on to another job a moment ago: then the handler finds that one's
  // timed_out unset and does nothing.
  if (current_.load() == &job) ::pthread_kill(thread_.load(), SIGALRM);
}

}  // namespace tidegate::scoring
