#include "router/fleet.h"

#include <algorithm>
#include <functional>
#include <set>

#include "base/log.h"

namespace tidegate::router {
namespace {

constexpr std::size_t kDrainedRemembered = 10'000;

}  // namespace

RoutesPtr Fleet::build(table::Table table) {
  ++newest_build_;
  Replicas next;
  std::vector<std::vector<LiveVersion>> live;
  for (const table::Service& service : table.services) {
    std::vector<LiveVersion>& versions = live.emplace_back();
    for (const table::Version& version : service.versions) {
      versions.push_back(make_version(version, next));
    }
  }
  for (auto& [id, replica] : present_) {
    auto kept = next.find(id);
    if (kept != next.end() && kept->second == replica) continue;
    going_.push_back(Going{.replica = replica, .since_build = newest_build_});
  }
  present_ = std::move(next);
  std::erase_if(versions_, [](const auto& entry) { return entry.second.expired(); });
  return std::make_shared<const Routes>(std::move(table), std::move(live));
}

LiveVersion Fleet::make_version(const table::Version& version, Replicas& next) {
  LiveVersion live{.config = nullptr, .state = state_of(version.id), .replicas = {}};
  for (const table::Replica& replica : version.replicas) {
    std::shared_ptr<Replica> found = replica_of(replica, live.state);
    if (!found || !next.emplace(found->id, found).second) continue;
    found->recover();  // control says that it may get requests: find out anew
    live.replicas.push_back(std::move(found));
  }
  return live;
}

std::shared_ptr<VersionState> Fleet::state_of(const std::string& version_id) {
  std::weak_ptr<VersionState>& known = versions_[version_id];
  if (std::shared_ptr<VersionState> state = known.lock()) return state;
  const auto home = static_cast<unsigned>(std::hash<std::string>{}(version_id) % cores_);
  auto state = std::make_shared<VersionState>(version_id, home, watcher_);
  known = state;
  return state;
}

std::shared_ptr<Replica> Fleet::replica_of(const table::Replica& replica,
                                           const std::shared_ptr<VersionState>& version) {
  Result<http::Address> address = http::Address::parse(replica.address);
  if (!address) {
    log(Level::error, "replica_address_unreadable",
        {{"replica", replica.id},
         {"address", replica.address},
         {"error", address.error().message}});
    return nullptr;
  }
  auto present = present_.find(replica.id);
  std::shared_ptr<Replica> known =
      present != present_.end() ? present->second : take_back(replica.id);
  const bool is_same = known && known->address == *address && known->version == version &&
                       known->exit_record == replica.exit_record;
  if (is_same) return known;
  return std::make_shared<Replica>(replica.id, std::move(*address), version, replica.exit_record);
}

// One that went and comes again (it was not ready for a while) keeps its count.
std::shared_ptr<Replica> Fleet::take_back(const std::string& replica_id) {
  std::erase(drained_, replica_id);
  auto found = std::find_if(going_.begin(), going_.end(), [&replica_id](const Going& going) {
    return going.replica->id == replica_id;
  });
  if (found == going_.end()) return nullptr;
  std::shared_ptr<Replica> replica = std::move(found->replica);
  going_.erase(found);
  return replica;
}

void Fleet::all_cores_use(std::uint64_t build) {
  in_use_ = std::max(in_use_, build);
}

std::vector<std::string> Fleet::take_drained() {
  std::vector<std::string> drained;
  std::erase_if(going_, [this, &drained](const Going& going) {
    if (going.since_build > in_use_ || going.replica->in_flight.load() > 0) return false;
    if (!present_.contains(going.replica->id)) drained.push_back(going.replica->id);
    return true;
  });
  for (const std::string& id : drained) remember_drained(id);
  return drained;
}

std::vector<std::string> Fleet::busy_versions() const {
  std::set<std::string> busy;
  auto look_at = [&busy](const Replica& replica) {
    if (replica.in_flight.load() > 0) busy.insert(replica.version->id);
  };
  for (const auto& [id, replica] : present_) look_at(*replica);
  for (const Going& going : going_) look_at(*going.replica);
  for (const auto& [id, version] : versions_) {
    const std::shared_ptr<VersionState> state = version.lock();
    if (state && state->waiting.load() > 0) busy.insert(id);
  }
  return {busy.begin(), busy.end()};
}

void Fleet::remember_drained(const std::string& id) {
  drained_.push_back(id);
  if (drained_.size() > kDrainedRemembered) drained_.pop_front();
}

std::vector<std::string> Fleet::all_drained() const {
  return {drained_.begin(), drained_.end()};
}

}  // namespace tidegate::router
