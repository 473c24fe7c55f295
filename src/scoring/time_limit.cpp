#include "scoring/time_limit.h"

#include <algorithm>
#include <optional>

namespace tidegate::scoring {

TimeLimit::TimeLimit(http::Loop& loop, Worker& worker, const Clock& clock, Milliseconds limit)
    : worker_(worker), clock_(clock), limit_(limit), timer_(loop) {}

void TimeLimit::add(Job& job) {
  if (limit_.count() <= 0) return;
  jobs_.push_back(&job);
  if (!armed_) arm(limit_);
}

void TimeLimit::remove(Job& job) {
  std::erase(jobs_, &job);
}

void TimeLimit::arm(MonoTime::duration delay) {
  armed_ = true;
  timer_.start(std::chrono::ceil<Milliseconds>(delay), [this] { check(); });
}

void TimeLimit::check() {
  armed_ = false;
  const MonoTime now = clock_.mono();
  std::optional<MonoTime::duration> next;
  for (Job* job : jobs_) {
    if (job->timed_out.load()) continue;
    const std::int64_t started = job->started_ns.load();
    // A job that waits has its whole time before it.
    const MonoTime began = started == 0 ? now : MonoTime(MonoTime::duration(started));
    const MonoTime::duration left = began + limit_ - now;
    if (left.count() > 0) {
      next = std::min(next.value_or(left), left);
      continue;
    }
    job->timed_out.store(true);
    worker_.interrupt(*job);
  }
  if (next) arm(*next);
}

}  // namespace tidegate::scoring
