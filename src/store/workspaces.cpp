#include "store/workspaces.h"

#include "store/sql.h"
#include "store/values.h"

namespace tidegate::store {
namespace {

#define TIDEGATE_WORKSPACE_COLUMNS \
  "SELECT name, id, subscription, resource_group, created FROM workspaces "

Workspace read_row(SQLite::Statement& row) {
  return Workspace{text_at(row, 0), text_at(row, 1), text_at(row, 2), text_at(row, 3),
                   from_micros(number_at(row, 4))};
}

}  // namespace

Result<> add_workspace(Database& db, const Workspace& workspace) {
  TIDEGATE_TRY([[maybe_unused]] int rows,
               execute(db,
                       "INSERT INTO workspaces (name, id, subscription, resource_group, created) "
                       "VALUES (?, ?, ?, ?, ?)",
                       workspace.name, workspace.id, workspace.subscription,
                       workspace.resource_group, to_micros(workspace.created)));
  return {};
}

Result<std::optional<Workspace>> find_workspace(Database& db, std::string_view name) {
  return select_one(db, TIDEGATE_WORKSPACE_COLUMNS "WHERE name = ? COLLATE NOCASE", read_row, name);
}

Result<std::vector<Workspace>> list_workspaces(Database& db) {
  return select(db, TIDEGATE_WORKSPACE_COLUMNS "ORDER BY name", read_row);
}

}  // namespace tidegate::store
