#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "table/with_pods.h"

namespace tidegate::app {

using Pods = std::vector<table::PodReplica>;

// A pod (as the API server has it) that may get requests: ready, not being deleted, with an address
// and the label that names its version.
std::optional<table::PodReplica> ready_replica(const Json& pod);
// The published table in its Secret. Code::invalid says what is wrong with it.
Result<table::Table> table_of_secret(const Json& secret);

std::string pods_to_text(const Pods& pods);
Result<Pods> pods_from_text(std::string_view text);

// What a router in a cluster knows. It decides by a table once it knows both, the published table
// and the pods. A value; its owner locks.
class ClusterView {
 public:
  // Each says whether anything changed. A table older than the one that is known, or the same, is
  // none.
  bool take_table(table::Table table);
  bool take_no_table();  // the list has come, and there is none: nothing is served, unless known
  bool take_pods(Pods pods);

  const std::optional<table::Table>& published() const { return published_; }
  const std::optional<Pods>& pods() const { return pods_; }
  // nullopt: one of the two has not come yet.
  std::optional<table::Table> table() const;

 private:
  std::optional<table::Table> published_;
  std::optional<Pods> pods_;
};

}  // namespace tidegate::app
