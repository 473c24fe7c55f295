#include "control/traffic.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "table/table_file.h"

namespace tidegate::control {
namespace {

std::set<std::string> replica_ids(const table::Table& table) {
  std::set<std::string> ids;
  for (const table::Service& service : table.services) {
    for (const table::Version& version : service.versions) {
      for (const table::Replica& replica : version.replicas) ids.insert(replica.id);
    }
  }
  return ids;
}

std::set<std::string> pod_version_ids(const table::Table& table) {
  std::set<std::string> ids;
  for (const table::Service& service : table.services) {
    for (const table::Version& version : service.versions) {
      if (version.from_pods) ids.insert(version.id);
    }
  }
  return ids;
}

}  // namespace

Result<> Traffic::load() {
  TIDEGATE_TRY_VOID(os::make_directories(file_.parent_path(), 0700));
  auto table = table::read_table(file_);
  if (!table) {
    // Routers hold better copies; the first one that connects says how new its table is.
    log(Level::error, "table_damaged", {{"reason", table.error().message}});
    return {};
  }
  if (!*table) return {};
  table_ = std::move(**table);
  links_.publish(table_);
  return {};
}

Result<> Traffic::publish(std::vector<table::Service> services) {
  bool is_behind = links_.newest_seen() > table_.version;
  if (!is_behind && table_.version > 0 && services == table_.services) {
    published_ = true;
    return {};
  }
  table::Table next{std::max(table_.version, links_.newest_seen()) + 1, std::move(services)};
  TIDEGATE_TRY_VOID(table::write_table(file_, next));
  note_changes(replica_ids(table_), replica_ids(next), next.version, left_);
  note_changes(pod_version_ids(table_), pod_version_ids(next), next.version, versions_left_);
  table_ = std::move(next);
  published_ = true;
  links_.publish(table_);
  log(Level::info, "table_published",
      {{"version", table_.version}, {"services", table_.services.size()}});
  return {};
}

void Traffic::note_changes(const Ids& before, const Ids& next, std::uint64_t version,
                           std::map<std::string, Leave>& left) const {
  for (const std::string& id : before) {
    if (!next.contains(id)) left[id] = {clock_.mono(), version};
  }
  for (const std::string& id : next) left.erase(id);
}

std::map<std::string, ReplicaTraffic> Traffic::replicas() const {
  std::map<std::string, ReplicaTraffic> replicas;
  for (const std::string& id : replica_ids(table_)) replicas[id].in_table = true;
  for (const auto& [id, leave] : left_) {
    replicas[id] = {.in_table = false,
                    .drained = links_.all_drained(id, leave.version),
                    .left_table = leave.time};
  }
  return replicas;
}

std::map<std::string, ReplicaTraffic> Traffic::versions() const {
  std::map<std::string, ReplicaTraffic> versions;
  for (const std::string& id : pod_version_ids(table_)) versions[id].in_table = true;
  for (const auto& [id, leave] : versions_left_) {
    versions[id] = {.in_table = false,
                    .drained = links_.version_drained(id, leave.version),
                    .left_table = leave.time};
  }
  return versions;
}

void Traffic::forget(const std::string& replica_id) {
  left_.erase(replica_id);
  links_.forget(replica_id);
}

}  // namespace tidegate::control
