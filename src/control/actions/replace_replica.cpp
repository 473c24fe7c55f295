#include "base/log.h"
#include "control/actions/actions.h"
#include "control/operation_notes.h"

namespace tidegate::control {
namespace {

struct Ended {
  FailedReplica failed;
  Result<> forgotten;
};

void finish(Context& context, const std::string& version_id, const std::string& operation_id,
            bool asked, const Ended& ended) {
  const std::string& id = ended.failed.replica_id;
  if (!ended.forgotten) return log_failure("forget_replica", ended.forgotten);
  log_failure("replace_replica", store::remove_replica(*context.store.db, id));
  context.memory.replicas.erase(id);
  context.traffic.forget(id);
  if (asked) return;
  std::string cause = cause_of(ended.failed);
  log(Level::warning, "replica_ended", {{"replica", id}, {"reason", cause}});
  note(context, operation_id, "A replica ended: " + cause);
  std::string told = cause;
  if (!ended.failed.evidence.log_tail.empty()) {
    told += "\nThe last lines of its log:\n" + last_lines(ended.failed.evidence.log_tail);
  }
  note_crash(context, version_id, told);
}

}  // namespace

// It is out of the table already: the table is made of replicas that are seen alive.
void act(Context& context, const ServiceWanted& service, const ReplaceReplica& action) {
  const ReplicaSeen& seen = context.memory.replicas[action.replica_id];
  backend::ReplicaExit exit = seen.exit.value_or(backend::ReplicaExit{});
  FailedReplica failed{service.stored.service.spec.name, action.replica_id, exit.text(), {}};
  context.lane.start(
      [&backend = context.backend, data_dir = context.options.data_dir, failed,
       version_id = action.version_id]() mutable {
        failed.evidence = collect_evidence(data_dir, backend, version_id, failed.replica_id);
        Result<> forgotten = backend.forget(failed.replica_id);
        return Ended{std::move(failed), std::move(forgotten)};
      },
      [&context, version_id = action.version_id, operation_id = operation_of(service),
       asked = exit.asked](const Ended& ended) {
        finish(context, version_id, operation_id, asked, ended);
      });
}

}  // namespace tidegate::control
