// The live side of versions and replicas: what all cores share. Everything here is constant after
// construction or atomic. It is held by shared_ptr although it is not const (an exception to the
// rule of ownership): a table, tickets and queues keep it alive, in whatever order they end.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "http/address.h"
#include "policy/retry.h"

namespace tidegate::router {

struct VersionState;

// Hears, on any core's thread, that a slot became free while somebody waits.
class SlotWatcher {
 public:
  virtual ~SlotWatcher() = default;
  virtual void on_slot_freed(const std::shared_ptr<VersionState>& version) = 0;
};

struct VersionState {
  VersionState(std::string version_id, unsigned home, SlotWatcher& slot_watcher)
      : id(std::move(version_id)), home_core(home), watcher(slot_watcher) {}

  const std::string id;
  const unsigned home_core;  // its queue lives there
  SlotWatcher& watcher;
  // Requests in the queue or on their way to it. Those who come while it is not 0 queue up behind.
  alignas(64) std::atomic<std::uint32_t> waiting{0};
};

struct Replica {
  Replica(std::string replica_id, http::Address replica_address,
          std::shared_ptr<VersionState> of_version, std::string record_of_exit = {})
      : id(std::move(replica_id)),
        address(std::move(replica_address)),
        version(std::move(of_version)),
        exit_record(std::move(record_of_exit)) {}

  const std::string id;
  const http::Address address;
  const std::shared_ptr<VersionState> version;
  const std::string exit_record;  // table::Replica::exit_record
  // The one shared write of a request: 0 <= in_flight <= the version's limit.
  alignas(64) std::atomic<std::uint32_t> in_flight{0};
  // After a failure that proves that nothing started, it is left alone for a while.
  alignas(64) std::atomic<MonoTime::rep> rests_until{0};
  std::atomic<std::uint32_t> failures_in_a_row{0};
  std::atomic<bool> refuses{false};  // the last failure: it wants another secret than ours

  bool is_resting(MonoTime now) const {
    return now.time_since_epoch().count() < rests_until.load(std::memory_order_relaxed);
  }
  void rest(policy::Outcome outcome, MonoTime now);
  void recover();
};

// One slot of a replica. Held until the replica has answered or died, whatever the client does.
class Ticket {
 public:
  // nullopt: `limit` requests are in flight already.
  static std::optional<Ticket> claim(const std::shared_ptr<Replica>& replica, std::uint32_t limit);

  Ticket(Ticket&&) noexcept = default;
  Ticket& operator=(Ticket&& other) noexcept;
  ~Ticket() { release(); }

  const std::shared_ptr<Replica>& replica() const { return replica_; }

 private:
  explicit Ticket(std::shared_ptr<Replica> replica) : replica_(std::move(replica)) {}
  void release();

  std::shared_ptr<Replica> replica_;  // null: moved from
};

}  // namespace tidegate::router
