#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"

namespace tidegate::store {

struct Workspace {
  std::string name;
  std::string id;  // a UUID
  std::string subscription;
  std::string resource_group;
  WallTime created;
};

Result<> add_workspace(Database& db, const Workspace& workspace);  // taken name: Code::conflict
Result<std::optional<Workspace>> find_workspace(Database& db, std::string_view name);
Result<std::vector<Workspace>> list_workspaces(Database& db);  // by name

}  // namespace tidegate::store
