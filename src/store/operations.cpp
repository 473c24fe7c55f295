#include "store/operations.h"

#include "base/json.h"
#include "store/sql.h"
#include "store/values.h"

namespace tidegate::store {
namespace {

using domain::OperationState;

#define TIDEGATE_OPERATION_COLUMNS                                                       \
  "SELECT id, kind, workspace, service_name, service_id, state, step, warnings, error, " \
  "request, created, ended FROM operations "

OperationState state_from_text(std::string_view text) {
  for (OperationState state :
       {OperationState::running, OperationState::succeeded, OperationState::failed,
        OperationState::cancelled, OperationState::timed_out}) {
    if (domain::state_name(state) == text) return state;
  }
  return OperationState::not_started;
}

Result<StoredOperation> read_row(SQLite::Statement& row) {
  StoredOperation stored;
  domain::Operation& operation = stored.operation;
  operation.id = text_at(row, 0);
  operation.kind = text_at(row, 1);
  operation.workspace = text_at(row, 2);
  operation.service_name = text_at(row, 3);
  stored.service_id = text_at(row, 4);
  operation.state = state_from_text(text_at(row, 5));
  operation.step = text_at(row, 6);
  TIDEGATE_TRY(Json warnings, parse_json(text_at(row, 7), "stored warnings"));
  for (const Json& warning : warnings) {
    if (warning.is_string()) stored.warnings.push_back(warning.get<std::string>());
  }
  operation.error = text_at(row, 8);
  operation.request = text_at(row, 9);
  operation.created = from_micros(number_at(row, 10));
  operation.ended = from_micros(number_at(row, 11));
  return stored;
}

}  // namespace

Result<> add_operation(Database& db, const StoredOperation& stored) {
  const domain::Operation& operation = stored.operation;
  TIDEGATE_TRY(
      [[maybe_unused]] int rows,
      execute(db,
              "INSERT INTO operations (id, kind, workspace, service_name, service_id, state, "
              "step, warnings, error, request, created, ended) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              operation.id, operation.kind, operation.workspace, operation.service_name,
              stored.service_id, domain::state_name(operation.state), operation.step,
              to_text(Json(stored.warnings)), operation.error, operation.request,
              to_micros(operation.created), to_micros(operation.ended)));
  return {};
}

Result<> update_operation(Database& db, const StoredOperation& stored) {
  const domain::Operation& operation = stored.operation;
  TIDEGATE_TRY(
      int rows,
      execute(db,
              "UPDATE operations SET state = ?, step = ?, warnings = ?, error = ?, ended = ? "
              "WHERE id = ?",
              domain::state_name(operation.state), operation.step, to_text(Json(stored.warnings)),
              operation.error, to_micros(operation.ended), operation.id));
  if (rows == 0) return fail(Code::not_found, "no operation with id " + operation.id);
  return {};
}

Result<std::optional<StoredOperation>> find_operation(Database& db, std::string_view id) {
  return select_one(db, TIDEGATE_OPERATION_COLUMNS "WHERE id = ?", read_row, id);
}

Result<std::vector<StoredOperation>> list_running_operations(Database& db) {
  return select(db, TIDEGATE_OPERATION_COLUMNS "WHERE ended = 0 ORDER BY created, id", read_row);
}

Result<std::optional<StoredOperation>> find_newest_operation(Database& db,
                                                             std::string_view workspace,
                                                             std::string_view service_name,
                                                             std::string_view kind) {
  return select_one(db,
                    TIDEGATE_OPERATION_COLUMNS
                    "WHERE workspace = ? AND service_name = ? AND kind = ? "
                    "ORDER BY created DESC LIMIT 1",
                    read_row, workspace, service_name, kind);
}

Result<std::vector<StoredOperation>> list_newest_operations(Database& db,
                                                            std::string_view workspace,
                                                            std::string_view kind) {
  return select(db,
                TIDEGATE_OPERATION_COLUMNS
                "WHERE workspace = ? AND kind = ? AND NOT EXISTS (SELECT 1 FROM operations AS "
                "later WHERE later.workspace = operations.workspace AND later.kind = "
                "operations.kind AND later.service_name = operations.service_name AND "
                "later.created > operations.created) ORDER BY created, id",
                read_row, workspace, kind);
}

Result<> forget_request(Database& db, std::string_view id) {
  TIDEGATE_TRY([[maybe_unused]] int rows,
               execute(db, "UPDATE operations SET request = '' WHERE id = ?", id));
  return {};
}

Result<std::vector<std::string>> remove_old_operations(Database& db, WallTime before) {
  std::vector<std::string> ids;
  TIDEGATE_TRY_VOID(db.transact([&]() -> Result<> {
    TIDEGATE_TRY(ids,
                 select(
                     db, "SELECT id FROM operations WHERE ended > 0 AND ended < ?",
                     [](SQLite::Statement& row) { return text_at(row, 0); }, to_micros(before)));
    TIDEGATE_TRY(
        [[maybe_unused]] int rows,
        execute(db, "DELETE FROM operations WHERE ended > 0 AND ended < ?", to_micros(before)));
    return {};
  }));
  return ids;
}

}  // namespace tidegate::store
