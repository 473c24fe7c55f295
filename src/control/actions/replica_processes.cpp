// Starting and stopping, by way of the backend.
#include <fmt/format.h>

#include "base/ids.h"
#include "base/log.h"
#include "control/actions/actions.h"
#include "control/operation_notes.h"
#include "control/version_plan.h"

namespace tidegate::control {
namespace {

void start(Context& context, const store::Version& version, const std::string& replica_id) {
  auto on_done = [&context, version_id = version.id, replica_id](const Result<>& done) {
    if (done) return;
    log(Level::warning, "replica_not_started",
        {{"replica", replica_id}, {"reason", done.error().message}});
    note_crash(
        context, version_id,
        fmt::format("replica {} could not be started: {}", replica_id, done.error().message));
  };
  auto plan = make_version_plan(context.store, version, context.signing_key);
  if (!plan) return on_done(std::unexpected(plan.error()));
  context.lane.start([&backend = context.backend, plan = std::move(*plan),
                      replica_id] { return backend.start(plan, replica_id); },
                     on_done);
}

}  // namespace

// The row first: a process without a row would be a stray.
void act(Context& context, const ServiceWanted& service, const AddReplica& action) {
  const VersionWanted* wanted = find_version(service, action.version_id);
  if (wanted == nullptr) return;
  store::Replica replica;
  replica.id = fmt::format("{}.{}", action.version_id, random_hex(context.random, 3));
  replica.version_id = action.version_id;
  replica.created = context.clock.wall();
  if (auto added = store::add_replica(*context.store.db, replica); !added) {
    return log_failure("add_replica", added);
  }
  note(context, operation_of(service), fmt::format("Starting replica {}.", replica.id));
  log(Level::info, "replica_added", {{"replica", replica.id}});
  start(context, wanted->version, replica.id);
}

void act(Context& context, const ServiceWanted& service, const StartReplica& action) {
  const VersionWanted* wanted = find_version(service, action.version_id);
  const store::Replica* row = find_replica(service, action.replica_id);
  if (wanted == nullptr || row == nullptr) return;
  store::Replica replica = *row;
  if (replica.was_ready) {  // that was another process: this one has to get ready first
    replica.was_ready = false;
    if (auto done = store::update_replica(*context.store.db, replica); !done) {
      return log_failure("start_replica", done);
    }
  }
  start(context, wanted->version, replica.id);
}

void act(Context& context, const ServiceWanted&, const StopReplica& action) {
  context.memory.replicas[action.replica_id].stop_asked = true;
  log(Level::info, "replica_stopping",
      {{"replica", action.replica_id}, {"grace_ms", action.grace.count()}});
  context.lane.start([&backend = context.backend,
                      action] { return backend.stop(action.replica_id, action.grace); },
                     [&context, id = action.replica_id](const Result<>& done) {
                       if (done) return;
                       log_failure("stop_replica", done);
                       context.memory.replicas[id].stop_asked = false;
                     });
}

void act(Context& context, const ServiceWanted&, const ForgetReplica& action) {
  context.lane.start(
      [&backend = context.backend, id = action.replica_id] { return backend.forget(id); },
      [&context, id = action.replica_id](const Result<>& done) {
        if (!done) return log_failure("forget_replica", done);
        log_failure("forget_replica", store::remove_replica(*context.store.db, id));
        context.memory.replicas.erase(id);
        context.traffic.forget(id);
        log(Level::info, "replica_gone", {{"replica", id}});
      });
}

}  // namespace tidegate::control
