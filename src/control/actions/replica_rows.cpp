// What is only written down about replicas.
#include <fmt/format.h>

#include "base/log.h"
#include "control/actions/actions.h"
#include "control/operation_notes.h"

namespace tidegate::control {
namespace {

long seconds_since(const Context& context, WallTime begin) {
  return std::chrono::duration_cast<std::chrono::seconds>(context.clock.wall() - begin).count();
}

}  // namespace

void act(Context& context, const ServiceWanted& service, const NoteReady& action) {
  const store::Replica* row = find_replica(service, action.replica_id);
  if (row == nullptr) return;
  store::Replica replica = *row;
  replica.was_ready = true;
  log_failure("replica_ready", store::update_replica(*context.store.db, replica));
  long seconds = seconds_since(context, replica.created);
  note(context, operation_of(service),
       fmt::format("Replica {} is ready after {} s.", replica.id, seconds));
  log(Level::info, "replica_ready", {{"replica", replica.id}, {"seconds", seconds}});
}

void act(Context& context, const ServiceWanted& service, const RetireReplica& action) {
  const store::Replica* row = find_replica(service, action.replica_id);
  if (row == nullptr) return;
  store::Replica replica = *row;
  replica.retiring = true;
  log_failure("retire_replica", store::update_replica(*context.store.db, replica));
  if (action.crashed) {
    note_crash(context, action.version_id, fmt::format("replica {} {}", replica.id, action.reason));
  }
  log(action.crashed ? Level::warning : Level::info, "replica_retired",
      {{"replica", replica.id}, {"reason", action.reason}});
}

}  // namespace tidegate::control
