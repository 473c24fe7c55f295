#pragma once

#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "backend/backend.h"
#include "base/clock.h"

namespace tidegate::control {

// A replica as the backend shows it.
struct ReplicaSeen {
  std::string version_id;
  std::string address;
  std::string exit_record;  // backend::Replica::exit_record
  backend::ReplicaPhase phase = backend::ReplicaPhase::starting;
  std::optional<backend::ReplicaExit> exit;
  MonoTime since;           // when this process first saw it in this phase
  bool stop_asked = false;  // by this process
};

// Where a replica (or a whole version, if its replicas are pods) stands in the routing table.
// Absent: it never was in one that this process knows.
struct ReplicaTraffic {
  bool in_table = false;
  bool drained = false;  // in no router's table, and nothing of it is in flight
  MonoTime left_table;   // when a table without it was published; meaningful unless in_table
};

// What this process remembers of a version; gone with the process, and that does no harm.
struct VersionMemory {
  MonoTime first_seen;    // by this process
  bool busy = false;      // a job (layout, removal) is under way
  bool building = false;  // its environment is; others may wait for the same, and nothing of the
                          // version is in use meanwhile
  MonoTime busy_since;    // of either
  std::stop_source build = std::stop_source(std::nostopstate);  // asked to stop: nobody wants it
  int crashes = 0;  // in a row; forgotten once replicas have stayed up for a while
  MonoTime last_crash;
  MonoTime start_after;      // back-off: no start, and no removal, before
  std::string last_failure;  // how the last crash is told to people

  // Of backends that keep the count.
  std::optional<MonoTime> missing_since;  // the backend does not show it
  int scaled_to = -1;                     // the count last asked for, and when
  MonoTime scaled_at;
  bool scaling = false;      // being asked for right now
  std::string trouble_code;  // what it is in, and since when
  MonoTime trouble_since;
  std::string trouble_told;  // what was last written into the operation
};

// What is the matter with the routers of a cluster, and since when.
struct RoutersTrouble {
  backend::Trouble trouble;  // "RoutersGone", "RoutersNotReady", "NamespaceTerminating"
  MonoTime since;
};

// Everything plan() may know besides the store.
struct Observed {
  std::map<std::string, ReplicaSeen> replicas;    // by replica id
  std::map<std::string, ReplicaTraffic> traffic;  // by replica id
  std::map<std::string, VersionMemory> versions;  // by version id
  // Of backends that keep the count, by version id.
  std::map<std::string, backend::VersionSeen> versions_seen;
  std::map<std::string, ReplicaTraffic> version_traffic;
  bool table_in_force = false;  // the newest table is on disk and every router decides by it
  std::optional<RoutersTrouble> routers_trouble;
};

}  // namespace tidegate::control
