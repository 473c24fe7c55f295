#include "scoring/time_limit.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tidegate::scoring {

Milliseconds grace_after(Milliseconds limit) {
  return std::clamp(limit / 10, Milliseconds(1'000), Milliseconds(30'000));
}

TimeLimit::TimeLimit(http::Loop& loop, Worker& worker, const Clock& clock, Milliseconds limit,
                     std::function<void(Job&)> on_stuck)
    : worker_(worker), clock_(clock), limit_(limit), on_stuck_(std::move(on_stuck)), timer_(loop) {}

void TimeLimit::add(Job& job) {
  if (limit_.count() <= 0) return;
  jobs_.push_back({&job});
  if (!armed_) arm(limit_);
}

void TimeLimit::remove(Job& job) {
  std::erase_if(jobs_, [&](const Watched& watched) { return watched.job == &job; });
}

void TimeLimit::arm(MonoTime::duration delay) {
  armed_ = true;
  timer_.start(std::chrono::ceil<Milliseconds>(delay), [this] { check(); });
}

void TimeLimit::check() {
  armed_ = false;
  const MonoTime now = clock_.mono();
  std::optional<MonoTime::duration> next;
  std::vector<Job*> stuck;  // told afterwards: who hears of it may remove jobs
  for (Watched& watched : jobs_) {
    const bool was_stuck = watched.is_stuck;
    const MonoTime::duration left = advance(watched, now);
    if (watched.is_stuck && !was_stuck) stuck.push_back(watched.job);
    if (left.count() > 0) next = std::min(next.value_or(left), left);
  }
  if (next) arm(*next);
  for (Job* job : stuck) on_stuck_(*job);
}

MonoTime::duration TimeLimit::advance(Watched& watched, MonoTime now) {
  if (watched.is_stuck) return MonoTime::duration::zero();
  Job& job = *watched.job;
  const std::int64_t started = job.started_ns.load();
  // A job that waits has its whole time before it.
  const MonoTime began = started == 0 ? now : MonoTime(MonoTime::duration(started));
  if (!job.timed_out.load()) {
    const MonoTime::duration left = began + limit_ - now;
    if (left.count() > 0) return left;
    job.timed_out.store(true);
    worker_.interrupt(job);
  }
  const MonoTime::duration left = began + limit_ + grace_after(limit_) - now;
  watched.is_stuck = left.count() <= 0;
  return std::max(left, MonoTime::duration::zero());
}

}  // namespace tidegate::scoring
