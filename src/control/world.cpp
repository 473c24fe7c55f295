#include "control/world.h"

#include <algorithm>
#include <map>

namespace tidegate::control {
namespace {

const VersionWanted* find_phase(const std::vector<VersionWanted>& versions,
                                store::VersionPhase phase) {
  auto found = std::ranges::find_if(
      versions, [phase](const VersionWanted& one) { return one.version.phase == phase; });
  return found == versions.end() ? nullptr : &*found;
}

}  // namespace

const VersionWanted* ServiceWanted::current() const {
  return find_phase(versions, store::VersionPhase::current);
}

const VersionWanted* ServiceWanted::preparing() const {
  return find_phase(versions, store::VersionPhase::preparing);
}

Result<World> load_world(store::Database& db) {
  TIDEGATE_TRY(auto services, store::list_services(db));
  TIDEGATE_TRY(auto versions, store::list_versions(db));
  TIDEGATE_TRY(auto replicas, store::list_replicas(db));
  TIDEGATE_TRY(auto operations, store::list_running_operations(db));

  std::map<std::string, std::vector<store::Replica>> by_version;
  for (store::Replica& replica : replicas) {
    by_version[replica.version_id].push_back(std::move(replica));
  }
  std::map<std::string, std::vector<VersionWanted>> by_service;
  for (store::Version& version : versions) {
    auto& of_version = by_version[version.id];
    auto& of_service = by_service[version.service_id];
    of_service.push_back({std::move(version), std::move(of_version)});
  }
  World world;
  for (store::StoredService& stored : services) {
    ServiceWanted wanted{std::move(stored), {}, {}};
    wanted.versions = std::move(by_service[wanted.stored.service.id]);
    for (store::StoredOperation& operation : operations) {
      if (operation.service_id == wanted.stored.service.id) wanted.operation = operation;
    }
    world.services.push_back(std::move(wanted));
  }
  return world;
}

}  // namespace tidegate::control
