// The routers of one compute target, as the routing table's publisher sees them: processes behind a
// socket (RouterLinks) or pods of a cluster (ClusterRouters).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "control/observed.h"
#include "table/table.h"

namespace tidegate::control {

struct RouterInfo {
  std::string id;
  std::uint32_t pid = 0;
  std::uint64_t table_version = 0;  // the one it decides by
};

// Belongs to the loop's thread; returns at once.
class Routers {
 public:
  virtual ~Routers() = default;

  // Called whenever a router said something new.
  virtual void on_change(std::function<void()> callback) = 0;
  // Every router gets it, now or when it connects.
  virtual void publish(table::Table table) = 0;
  // Every router decides by this version or a newer one.
  virtual bool all_applied(std::uint64_t version) const = 0;
  // No router has anything of the replica in flight, and none will send it anything.
  virtual bool all_drained(const std::string& replica_id, std::uint64_t left_at) const = 0;
  // The same of a whole version (from_pods ones, whose replicas the table does not name).
  virtual bool version_drained(const std::string& version_id, std::uint64_t left_at) const = 0;
  virtual void forget(const std::string& replica_id) = 0;
  virtual std::vector<RouterInfo> routers() const = 0;
  // The newest version that any router has ever said it has.
  virtual std::uint64_t newest_seen() const = 0;
  // Why they do not serve, where they are somebody else's to keep; and what has been done about it,
  // each told once.
  virtual std::optional<RoutersTrouble> trouble() const { return std::nullopt; }
  virtual std::vector<std::string> take_news() { return {}; }
};

}  // namespace tidegate::control
