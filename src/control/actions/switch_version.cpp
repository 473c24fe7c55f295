#include <fmt/format.h>

#include "base/log.h"
#include "control/actions/actions.h"
#include "control/operation_notes.h"

namespace tidegate::control {
namespace {

Result<> swap_phases(store::Database& db, const ServiceWanted& service, const store::Version& next,
                     WallTime now) {
  for (const VersionWanted& wanted : service.versions) {
    if (wanted.version.phase != store::VersionPhase::current) continue;
    store::Version old = wanted.version;
    old.phase = store::VersionPhase::draining;
    TIDEGATE_TRY_VOID(store::update_version(db, old));
  }
  store::Version current = next;
  current.phase = store::VersionPhase::current;
  TIDEGATE_TRY_VOID(store::update_version(db, current));
  return change_service(db, next.service_id, [&](store::StoredService& stored) {
    stored.service.spec = next.spec;
    stored.service.generation = next.generation;
    stored.service.error.clear();
    stored.service.updated = now;
  });
}

}  // namespace

void act(Context& context, const ServiceWanted& service, const SwitchVersion& action) {
  const VersionWanted* wanted = find_version(service, action.version_id);
  if (wanted == nullptr) return;
  store::Database& db = *context.store.db;
  auto done =
      db.transact([&] { return swap_phases(db, service, wanted->version, context.clock.wall()); });
  if (!done) return log_failure("switch_version", done);
  note(context, operation_of(service),
       fmt::format("All replicas are ready; requests go to generation {} now.",
                   wanted->version.generation));
  log(Level::info, "version_switched",
      {{"service", wanted->version.spec.name}, {"version", action.version_id}});
}

}  // namespace tidegate::control
