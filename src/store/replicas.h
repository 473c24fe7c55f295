#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"

namespace tidegate::store {

// A replica that shall be or was started. The row is written before the process is started and goes
// after the process has gone.
struct Replica {
  std::string id;
  std::string version_id;
  bool retiring = false;   // out of the routing table, to be drained and stopped
  bool was_ready = false;  // init() has returned once
  WallTime created;
};

Result<> add_replica(Database& db, const Replica& replica);
Result<> update_replica(Database& db, const Replica& replica);  // by id
Result<> remove_replica(Database& db, std::string_view id);
Result<std::vector<Replica>> list_replicas(Database& db);  // oldest first

}  // namespace tidegate::store
