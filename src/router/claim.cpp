#include "router/claim.h"

#include "policy/least_busy.h"

namespace tidegate::router {
namespace {

// Other cores take slots between our look and our claim. Each failure is somebody else's success,
// so giving up after many is safe: the request queues up, and their release wakes it.
constexpr int kAttemptsMax = 64;

void read_loads(const LiveVersion& version, MonoTime now, std::vector<std::uint32_t>& loads) {
  loads.clear();
  for (const std::shared_ptr<Replica>& replica : version.replicas) {
    loads.push_back(replica->is_resting(now) ? policy::kUnusable : replica->in_flight.load());
  }
}

}  // namespace

std::optional<Ticket> claim(const LiveVersion& version, MonoTime now, std::uint64_t dice,
                            std::vector<std::uint32_t>& loads) {
  const std::uint32_t limit = version.config->max_concurrent_per_replica;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    read_loads(version, now, loads);
    const std::optional<std::size_t> chosen = policy::least_busy(loads, limit, dice);
    if (!chosen) return std::nullopt;
    if (auto ticket = Ticket::claim(version.replicas[*chosen], limit)) return ticket;
  }
  return std::nullopt;
}

std::optional<MonoTime> next_rest_end(const LiveVersion& version, MonoTime now) {
  std::optional<MonoTime> earliest;
  for (const std::shared_ptr<Replica>& replica : version.replicas) {
    const MonoTime until{MonoTime::duration(replica->rests_until.load(std::memory_order_relaxed))};
    if (until <= now) continue;
    if (replica->in_flight.load() >= version.config->max_concurrent_per_replica) continue;
    if (!earliest || until < *earliest) earliest = until;
  }
  return earliest;
}

}  // namespace tidegate::router
