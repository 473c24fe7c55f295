#include "control/workers.h"

namespace tidegate::control {

Workers::Workers(http::Loop& loop, int threads, std::size_t queue_max)
    : loop_(loop), queue_max_(queue_max) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() {
  {
    std::lock_guard hold(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Workers::enqueue(http::Task job) {
  {
    std::lock_guard hold(mutex_);
    if (stopping_ || queue_.size() >= queue_max_) return false;
    queue_.push_back(std::move(job));
    ++under_way_;
  }
  wake_.notify_one();
  return true;
}

void Workers::run() {
  for (;;) {
    http::Task job;
    {
      std::unique_lock hold(mutex_);
      wake_.wait(hold, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job();
  }
}

}  // namespace tidegate::control
