#include "router/waiting_room.h"

#include <algorithm>

#include "router/claim.h"

namespace tidegate::router {
namespace {

// Why nobody had a slot for so long.
Reason reason_of_wait(const LiveVersion& version) {
  if (version.replicas.empty()) return Reason::no_replica;
  for (const std::shared_ptr<Replica>& replica : version.replicas) {
    if (!replica->refuses.load(std::memory_order_relaxed)) return Reason::queue_timeout;
  }
  return Reason::replica_refused;
}

}  // namespace

void WaitingRoom::join(const std::shared_ptr<VersionState>& version, ExchangeId exchange,
                       MonoTime deadline, End end) {
  std::unique_ptr<Queue>& queue = queues_[version.get()];
  if (!queue) {
    queue = std::make_unique<Queue>(loop_);
    queue->version = version;
  }
  if (end == End::front) {
    queue->waiters.push_front(exchange.value, deadline);
  } else {
    queue->waiters.push_back(exchange.value, deadline);
  }
  pump(version);
}

void WaitingRoom::leave(const std::shared_ptr<VersionState>& version, ExchangeId exchange) {
  auto found = queues_.find(version.get());
  if (found == queues_.end() || !found->second->waiters.remove(exchange.value)) return;
  version->waiting.fetch_sub(1);
  settle(version.get());
}

void WaitingRoom::pump(const std::shared_ptr<VersionState>& version) {
  auto found = queues_.find(version.get());
  if (found == queues_.end()) return;
  pump(*found->second);
  settle(version.get());
}

void WaitingRoom::pump_all() {
  std::vector<std::shared_ptr<VersionState>> versions;
  for (const auto& [key, queue] : queues_) versions.push_back(queue->version);
  for (const std::shared_ptr<VersionState>& version : versions) pump(version);
}

void WaitingRoom::refuse_all(const LocalReply& reply) {
  for (auto& [key, queue] : queues_) {
    for (const auto& [id, deadline] : queue->waiters.take_all()) finish(*queue, id, reply);
  }
  queues_.clear();
}

// Slots first, deadlines second: with maxQueueWaitMs 0, too, a request that was refused by one
// replica gets its chance at another.
void WaitingRoom::pump(Queue& queue) {
  const LiveVersion* live = host_.newest_routes().find_version(queue.version->id);
  if (live == nullptr) {
    for (const auto& [id, deadline] : queue.waiters.take_all()) finish(queue, id, ChooseAgain{});
    return;
  }
  const MonoTime now = host_.now();
  while (const auto next = queue.waiters.front()) {
    std::optional<Ticket> ticket = claim(*live, now, host_.dice(), loads_);
    if (!ticket) break;
    queue.waiters.remove(*next);
    finish(queue, *next, std::move(*ticket));
  }
  const LocalReply too_late{.status = 503, .reason = reason_of_wait(*live)};
  for (policy::AdmissionQueue::Id id : queue.waiters.take_expired(now)) finish(queue, id, too_late);
  arm_timer(queue, *live, now);
}

void WaitingRoom::finish(Queue& queue, policy::AdmissionQueue::Id id, Admission admission) {
  queue.version->waiting.fetch_sub(1);
  host_.deliver(ExchangeId{id}, std::move(admission));
}

void WaitingRoom::arm_timer(Queue& queue, const LiveVersion& live, MonoTime now) {
  std::optional<MonoTime> next = queue.waiters.next_deadline();
  if (!next) return queue.timer.cancel();
  if (const auto rest_end = next_rest_end(live, now)) next = std::min(*next, *rest_end);
  const auto delay = std::chrono::ceil<Milliseconds>(*next - now);
  queue.timer.start(std::max(delay, Milliseconds(0)),
                    [this, version = queue.version] { pump(version); });
}

void WaitingRoom::settle(const VersionState* version) {
  auto found = queues_.find(version);
  if (found != queues_.end() && found->second->waiters.empty()) queues_.erase(found);
}

}  // namespace tidegate::router
