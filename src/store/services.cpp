#include "store/services.h"

#include "store/sql.h"
#include "store/values.h"

namespace tidegate::store {
namespace {

using domain::ServiceState;

#define TIDEGATE_SERVICE_COLUMNS                                                             \
  "SELECT id, spec, generation, last_generation, key_primary, key_secondary, state, error, " \
  "operation_id, deleting, created, updated FROM services "

ServiceState state_from_text(std::string_view text) {
  for (ServiceState state : {ServiceState::healthy, ServiceState::unhealthy,
                             ServiceState::unschedulable, ServiceState::failed}) {
    if (domain::state_name(state) == text) return state;
  }
  return ServiceState::transitioning;
}

Result<StoredService> read_row(SQLite::Statement& row) {
  StoredService stored;
  domain::Service& service = stored.service;
  service.id = text_at(row, 0);
  TIDEGATE_TRY(Json spec, parse_json(text_at(row, 1), "stored service"));
  TIDEGATE_TRY(service.spec, domain::service_spec_from_json(spec));
  service.generation = static_cast<int>(number_at(row, 2));
  stored.last_generation = static_cast<int>(number_at(row, 3));
  service.keys.primary = Secret(text_at(row, 4));
  service.keys.secondary = Secret(text_at(row, 5));
  service.state = state_from_text(text_at(row, 6));
  service.error = text_at(row, 7);
  service.operation_id = text_at(row, 8);
  stored.deleting = number_at(row, 9) != 0;
  service.created = from_micros(number_at(row, 10));
  service.updated = from_micros(number_at(row, 11));
  return stored;
}

}  // namespace

Result<> add_service(Database& db, const StoredService& stored) {
  const domain::Service& service = stored.service;
  TIDEGATE_TRY(
      [[maybe_unused]] int rows,
      execute(db,
              "INSERT INTO services (id, workspace, name, spec, generation, last_generation, "
              "key_primary, key_secondary, state, error, operation_id, deleting, created, updated) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              service.id, service.spec.workspace, service.spec.name,
              to_text(domain::to_json(service.spec)), service.generation, stored.last_generation,
              service.keys.primary.reveal(), service.keys.secondary.reveal(),
              domain::state_name(service.state), service.error, service.operation_id,
              stored.deleting, to_micros(service.created), to_micros(service.updated)));
  return {};
}

Result<> update_service(Database& db, const StoredService& stored) {
  const domain::Service& service = stored.service;
  TIDEGATE_TRY(
      int rows,
      execute(db,
              "UPDATE services SET spec = ?, generation = ?, last_generation = ?, "
              "key_primary = ?, key_secondary = ?, state = ?, error = ?, operation_id = ?, "
              "deleting = ?, updated = ? WHERE id = ?",
              to_text(domain::to_json(service.spec)), service.generation, stored.last_generation,
              service.keys.primary.reveal(), service.keys.secondary.reveal(),
              domain::state_name(service.state), service.error, service.operation_id,
              stored.deleting, to_micros(service.updated), service.id));
  if (rows == 0) return fail(Code::not_found, "no service with id " + service.id);
  return {};
}

Result<> remove_service(Database& db, std::string_view id) {
  TIDEGATE_TRY([[maybe_unused]] int rows, execute(db, "DELETE FROM services WHERE id = ?", id));
  return {};
}

Result<std::optional<StoredService>> find_service(Database& db, std::string_view workspace,
                                                  std::string_view name) {
  return select_one(db, TIDEGATE_SERVICE_COLUMNS "WHERE workspace = ? AND name = ?", read_row,
                    workspace, name);
}

Result<std::optional<StoredService>> find_service_by_id(Database& db, std::string_view id) {
  return select_one(db, TIDEGATE_SERVICE_COLUMNS "WHERE id = ?", read_row, id);
}

Result<std::vector<StoredService>> list_services(Database& db) {
  return select(db, TIDEGATE_SERVICE_COLUMNS "ORDER BY created, name", read_row);
}

}  // namespace tidegate::store
