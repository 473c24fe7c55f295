#include "store/computes.h"

#include "store/sql.h"
#include "store/values.h"

namespace tidegate::store {
namespace {

using domain::ComputeKind;
using domain::ComputeTarget;

std::string_view kind_text(ComputeKind kind) {
  return kind == ComputeKind::kubernetes ? "kubernetes" : "process";
}

ComputeTarget read_row(SQLite::Statement& row) {
  return ComputeTarget{
      .name = text_at(row, 1),
      .workspace = text_at(row, 0),
      .kind = text_at(row, 2) == "kubernetes" ? ComputeKind::kubernetes : ComputeKind::process,
      .description = text_at(row, 3),
      .created = from_micros(number_at(row, 4))};
}

}  // namespace

Result<> add_compute(Database& db, const ComputeTarget& target) {
  TIDEGATE_TRY([[maybe_unused]] int rows,
               execute(db,
                       "INSERT INTO computes (workspace, name, kind, description, created) "
                       "VALUES (?, ?, ?, ?, ?)",
                       target.workspace, target.name, kind_text(target.kind), target.description,
                       to_micros(target.created)));
  return {};
}

Result<std::optional<ComputeTarget>> find_compute(Database& db, std::string_view workspace,
                                                  std::string_view name) {
  return select_one(db,
                    "SELECT workspace, name, kind, description, created FROM computes "
                    "WHERE workspace = ? AND name = ?",
                    read_row, workspace, name);
}

Result<std::vector<ComputeTarget>> list_computes(Database& db, std::string_view workspace) {
  return select(db,
                "SELECT workspace, name, kind, description, created FROM computes "
                "WHERE workspace = ? ORDER BY created, name",
                read_row, workspace);
}

Result<> remove_compute(Database& db, std::string_view workspace, std::string_view name) {
  TIDEGATE_TRY(
      [[maybe_unused]] int rows,
      execute(db, "DELETE FROM computes WHERE workspace = ? AND name = ?", workspace, name));
  return {};
}

}  // namespace tidegate::store
