#include "router/replica.h"

namespace tidegate::router {

void Replica::rest(policy::Outcome outcome, MonoTime now) {
  const std::uint32_t failures = failures_in_a_row.fetch_add(1, std::memory_order_relaxed) + 1;
  const MonoTime until = now + policy::rest_after(outcome, failures);
  refuses.store(outcome == policy::Outcome::refused, std::memory_order_relaxed);
  rests_until.store(until.time_since_epoch().count(), std::memory_order_relaxed);
}

void Replica::recover() {
  // Read first: this line is shared by all cores and written only after a failure.
  if (failures_in_a_row.load(std::memory_order_relaxed) == 0) return;
  failures_in_a_row.store(0, std::memory_order_relaxed);
  rests_until.store(0, std::memory_order_relaxed);
  refuses.store(false, std::memory_order_relaxed);
}

std::optional<Ticket> Ticket::claim(const std::shared_ptr<Replica>& replica, std::uint32_t limit) {
  std::uint32_t in_flight = replica->in_flight.load();
  while (in_flight < limit) {
    if (replica->in_flight.compare_exchange_weak(in_flight, in_flight + 1)) return Ticket(replica);
  }
  return std::nullopt;
}

Ticket& Ticket::operator=(Ticket&& other) noexcept {
  if (this != &other) {
    release();
    replica_ = std::move(other.replica_);
  }
  return *this;
}

// No wake-up is lost: a request counts itself in `waiting` before its home core looks at the slots,
// and here the slot is freed before `waiting` is read. In any order of these four, one side sees
// the other (all four are sequentially consistent).
void Ticket::release() {
  if (!replica_) return;
  replica_->in_flight.fetch_sub(1);
  if (replica_->version->waiting.load() > 0) {
    replica_->version->watcher.on_slot_freed(replica_->version);
  }
  replica_.reset();
}

}  // namespace tidegate::router
