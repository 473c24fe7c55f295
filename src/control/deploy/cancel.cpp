#include "control/deploy/cancel.h"

#include <fmt/format.h>

#include "base/log.h"
#include "control/error_json.h"
#include "control/operation_notes.h"
#include "control/targets.h"
#include "store/operations.h"
#include "store/versions.h"

namespace tidegate::control {
namespace {

Result<> drain_what_is_on_its_way(store::Database& db, const std::string& service_id) {
  TIDEGATE_TRY(auto versions, store::list_versions_of(db, service_id));
  for (store::Version& version : versions) {
    if (version.phase != store::VersionPhase::preparing) continue;
    version.phase = store::VersionPhase::draining;
    TIDEGATE_TRY_VOID(store::update_version(db, version));
  }
  return {};
}

// One that has failed already and is only clearing away keeps its own error.
void end(store::StoredOperation& stored, std::string_view because, WallTime now) {
  domain::Operation& operation = stored.operation;
  operation.ended = now;
  operation.state = domain::OperationState::failed;
  if (!operation.error.empty()) return;
  operation.state = domain::OperationState::cancelled;
  operation.error =
      to_text(to_json(error_body(Error{Code::cancelled, fmt::format("cancelled by {}", because)})));
}

}  // namespace

Result<> check_changeable(store::Database& db, const store::StoredService& stored) {
  if (!stored.deleting) return {};
  TIDEGATE_TRY(auto operation, store::find_operation(db, stored.service.operation_id));
  return fail(Code::conflict,
              fmt::format("service {} is being deleted (operation {} {}); try again when that has "
                          "ended",
                          stored.service.spec.name, operation ? operation->operation.kind : "",
                          stored.service.operation_id));
}

Result<> cancel_running(Context& context, const store::StoredService& stored,
                        std::string_view because) {
  store::Database& db = *context.store.db;
  TIDEGATE_TRY_VOID(drain_what_is_on_its_way(db, stored.service.id));
  TIDEGATE_TRY(auto operation, store::find_operation(db, stored.service.operation_id));
  if (!operation || domain::is_final(operation->operation.state)) return {};
  const std::string& id = operation->operation.id;
  note(context, id, fmt::format("Cancelled by {}.", because));  // before it ends
  end(*operation, because, context.clock.wall());
  TIDEGATE_TRY_VOID(store::update_operation(db, *operation));
  context_for(context, stored.service.spec).memory.waiting_for.erase(id);
  log(Level::info, "operation_ended",
      {{"operation", id},
       {"service", stored.service.spec.name},
       {"outcome", domain::state_name(operation->operation.state)}});
  return {};
}

Result<domain::ServiceSpec> wanted_spec(store::Database& db, const store::StoredService& stored) {
  TIDEGATE_TRY(auto versions, store::list_versions_of(db, stored.service.id));
  for (store::Version& version : versions) {
    if (version.phase == store::VersionPhase::preparing) return std::move(version.spec);
  }
  return stored.service.spec;
}

}  // namespace tidegate::control
