#pragma once

#include <string>
#include <vector>

#include "table/table.h"

namespace tidegate::table {

// A pod that may get requests.
struct PodReplica {
  std::string id;
  std::string version_id;
  std::string address;   // http::Address::text()
  std::string run = {};  // its container's id: another one after a restart
  friend bool operator==(const PodReplica&, const PodReplica&) = default;
};

// The table to decide by: in a published one, the versions that are from_pods get their pods as
// replicas, in the pods' order. Pods of no such version are left out; other versions stay as they
// are.
Table with_pods(Table published, const std::vector<PodReplica>& pods);

}  // namespace tidegate::table
