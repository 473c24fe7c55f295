#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "control/observed.h"
#include "control/routers.h"
#include "os/file.h"
#include "table/table.h"

namespace tidegate::control {

// The routing table in force, and which replicas it still reaches. A table is on disk before any
// router gets it, so that a router that starts anew never goes back. Belongs to the loop's thread.
class Traffic {
 public:
  Traffic(os::Path file, Routers& links, const Clock& clock)
      : file_(std::move(file)), links_(links), clock_(clock) {}

  // Goes on with the table on disk, if there is one.
  Result<> load();
  // Makes it the table if it says something new.
  Result<> publish(std::vector<table::Service> services);

  bool in_force() const { return published_ && links_.all_applied(table_.version); }
  std::map<std::string, ReplicaTraffic> replicas() const;
  void forget(const std::string& replica_id);
  // Versions whose replicas are pods: the table names them only.
  std::map<std::string, ReplicaTraffic> versions() const;
  void forget_version(const std::string& version_id) { versions_left_.erase(version_id); }
  std::uint64_t version() const { return table_.version; }

 private:
  struct Leave {
    MonoTime time;
    std::uint64_t version;  // the first table without it
  };
  using Ids = std::set<std::string>;
  void note_changes(const Ids& before, const Ids& next, std::uint64_t version,
                    std::map<std::string, Leave>& left) const;

  const os::Path file_;
  Routers& links_;
  const Clock& clock_;
  table::Table table_;
  bool published_ = false;             // by this process: before, the store may say something newer
  std::map<std::string, Leave> left_;  // replicas
  std::map<std::string, Leave> versions_left_;  // from_pods ones
};

}  // namespace tidegate::control
