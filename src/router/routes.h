#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "router/replica.h"
#include "table/table.h"

namespace tidegate::router {

struct LiveVersion {
  const table::Version* config;
  std::shared_ptr<VersionState> state;
  std::vector<std::shared_ptr<Replica>> replicas;
};

struct LiveService {
  const table::Service* config;
  std::vector<LiveVersion> versions;
  std::vector<std::uint32_t> weights;  // of the versions, in their order
};

// What a core decides by: one table, indexed, with the live objects that belong to it. Immutable; a
// request keeps the one it began with.
class Routes {
 public:
  // live_versions: in the order of the table's services and their versions.
  Routes(table::Table table, std::vector<std::vector<LiveVersion>> live_versions);
  // For a router that could not read its table: it knows nothing, not even that a service is
  // unknown.
  static std::shared_ptr<const Routes> nothing_known();
  Routes(const Routes&) = delete;  // views and pointers into itself

  const LiveService* find_service(std::string_view workspace, std::string_view name) const;
  const LiveVersion* find_version(std::string_view id) const;
  const std::vector<LiveService>& services() const { return services_; }
  bool is_known() const { return known_; }
  std::uint64_t table_version() const { return table_.version; }

 private:
  struct Name {
    std::string_view workspace;
    std::string_view service;
    bool operator==(const Name&) const = default;
  };
  struct NameHash {
    std::size_t operator()(const Name& name) const;
  };

  const table::Table table_;
  bool known_ = true;
  std::vector<LiveService> services_;
  std::unordered_map<Name, const LiveService*, NameHash> by_name_;
  std::unordered_map<std::string_view, const LiveVersion*> by_id_;
};

using RoutesPtr = std::shared_ptr<const Routes>;

}  // namespace tidegate::router
