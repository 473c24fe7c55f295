#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "control/actions/actions.h"
#include "control/operation_notes.h"

namespace tidegate::control {
namespace {

// generation 0: it never served, so there is nothing to fall back to.
Result<> store_failure(store::Database& db, store::Version version, const std::string& error,
                       WallTime now, std::string& operation_id) {
  version.phase = store::VersionPhase::draining;
  TIDEGATE_TRY_VOID(store::update_version(db, version));
  TIDEGATE_TRY(auto stored, store::find_service_by_id(db, version.service_id));
  if (!stored) return {};
  stored->service.error = error;
  stored->service.updated = now;
  if (stored->service.generation == 0) stored->service.state = domain::ServiceState::failed;
  operation_id = stored->service.operation_id;
  TIDEGATE_TRY_VOID(store::update_service(db, *stored));
  return change_operation(db, operation_id, [&](store::StoredOperation& operation) {
    operation.operation.error = error;
  });
}

// Lines of somebody else's log: told apart from those of the operation.
std::string as_quote(std::string_view log) {
  std::string text;
  while (!log.empty()) {
    std::string_view line = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(line.size() + 1, log.size()));
    text += fmt::format("{}| {}", text.empty() ? "" : "\n", line);
  }
  return text;
}

}  // namespace

void fail_version(Context& context, const std::string& version_id, const ErrorBody& body) {
  store::Database& db = *context.store.db;
  std::string operation_id;
  auto done = db.transact([&]() -> Result<> {
    TIDEGATE_TRY(auto version, store::find_version(db, version_id));
    if (!version || version->phase != store::VersionPhase::preparing) return {};
    return store_failure(db, std::move(*version), to_text(to_json(body)), context.clock.wall(),
                         operation_id);
  });
  if (!done) return log_failure("fail_version", done);
  note(context, operation_id, "ERROR: " + body.message);
  log(Level::warning, "deployment_failed", {{"version", version_id}, {"reason", body.message}});
}

void act(Context& context, const ServiceWanted& service, const FailVersion& action) {
  FailedReplica failed{service.stored.service.spec.name, action.replica_id, action.reason, {}};
  context.lane.start(
      [&backend = context.backend, data_dir = context.options.data_dir, failed,
       version_id = action.version_id]() mutable {
        failed.evidence = collect_evidence(data_dir, backend, version_id, failed.replica_id);
        return failed;
      },
      [&context, version_id = action.version_id, operation_id = operation_of(service),
       trouble = action.trouble](const FailedReplica& with_evidence) {
        // The version's log goes with its folders; the operation's log stays.
        const std::string& log_tail = with_evidence.evidence.log_tail;
        note(context, operation_id, as_quote(log_tail));
        fail_version(context, version_id,
                     trouble ? trouble_error(with_evidence.service, *trouble, log_tail)
                             : crash_error(with_evidence));
      });
}

}  // namespace tidegate::control
