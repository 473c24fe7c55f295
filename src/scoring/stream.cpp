#include "scoring/stream.h"

#include <chrono>
#include <utility>

namespace tidegate::scoring {
namespace {
// A time limit does not know of streams: whoever waits for a slow client looks at it now and then.
constexpr std::chrono::milliseconds kLookEvery{50};
}  // namespace

bool Stream::write(std::string_view piece, const std::atomic<bool>& timed_out) {
  std::unique_lock lock(mutex_);
  while (!is_cut_ && !timed_out.load() && waiting_.size() >= kWaitingMaxBytes) {
    taken_.wait_for(lock, kLookEvery);
  }
  if (is_cut_ || timed_out.load()) return false;
  waiting_.append(piece);
  if (std::exchange(loop_knows_, true)) return true;
  lock.unlock();
  wake_loop_();
  return true;
}

std::string Stream::take() {
  std::string pieces;
  {
    std::lock_guard lock(mutex_);
    pieces = std::exchange(waiting_, {});
    loop_knows_ = false;
  }
  taken_.notify_one();
  return pieces;
}

void Stream::cut() {
  {
    std::lock_guard lock(mutex_);
    is_cut_ = true;
  }
  taken_.notify_one();
}

}  // namespace tidegate::scoring
