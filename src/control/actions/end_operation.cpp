#include <fmt/format.h>

#include "base/log.h"
#include "control/actions/actions.h"
#include "control/operation_notes.h"

namespace tidegate::control {
namespace {

void end(Context& context, store::StoredOperation& stored) {
  bool failed = !stored.operation.error.empty();
  stored.operation.state =
      failed ? domain::OperationState::failed : domain::OperationState::succeeded;
  stored.operation.ended = context.clock.wall();
}

Result<> end_and_settle(Context& context, const ServiceWanted& service) {
  store::Database& db = *context.store.db;
  store::StoredOperation operation = *service.operation;
  end(context, operation);
  TIDEGATE_TRY_VOID(store::update_operation(db, operation));
  if (!operation.operation.error.empty()) return {};
  // In one step, so that who sees the operation succeeded sees a healthy service.
  return change_service(db, service.stored.service.id, [&](store::StoredService& stored) {
    stored.service.state = domain::ServiceState::healthy;
    stored.service.error.clear();
    stored.service.updated = context.clock.wall();
  });
}

Result<> end_and_remove(Context& context, const ServiceWanted& service) {
  if (service.operation) {
    store::StoredOperation operation = *service.operation;
    end(context, operation);
    TIDEGATE_TRY_VOID(store::update_operation(*context.store.db, operation));
  }
  return store::remove_service(*context.store.db, service.stored.service.id);
}

std::string_view word_for(const ServiceWanted& service) {
  bool failed = service.operation && !service.operation->operation.error.empty();
  return failed ? "failed" : "succeeded";
}

void say_ended(Context& context, const ServiceWanted& service) {
  std::string id = operation_of(service);
  context.memory.waiting_for.erase(id);
  const std::string& name = service.stored.service.spec.name;
  log(Level::info, "operation_ended",
      {{"operation", id}, {"service", name}, {"outcome", word_for(service)}});
}

}  // namespace

void act(Context& context, const ServiceWanted& service, const FinishOperation&) {
  if (!service.operation) return;
  note(context, operation_of(service),
       fmt::format("Operation {}.",
                   word_for(service)));  // before it ends: followers read to the end
  auto done = context.store.db->transact([&] { return end_and_settle(context, service); });
  if (!done) return log_failure("finish_operation", done);
  say_ended(context, service);
}

void act(Context& context, const ServiceWanted& service, const FailOperation& action) {
  ErrorBody body{
      "KubernetesDeploymentFailed",
      400,
      fmt::format("Changing {} failed: {}", service.stored.service.spec.name, action.reason),
      {{"CrashLoopBackOff", action.reason, service.stored.service.spec.name}}};
  if (action.trouble) {
    body = trouble_error(service.stored.service.spec.name, *action.trouble, /*log_tail=*/"");
  }
  std::string error = to_text(to_json(body));
  auto done = context.store.db->transact([&]() -> Result<> {
    TIDEGATE_TRY_VOID(
        change_service(*context.store.db, service.stored.service.id,
                       [&](store::StoredService& stored) { stored.service.error = error; }));
    return change_operation(*context.store.db, operation_of(service),
                            [&](store::StoredOperation& one) { one.operation.error = error; });
  });
  if (!done) return log_failure("fail_operation", done);
  note(context, operation_of(service), "ERROR: " + body.message);
}

void act(Context& context, const ServiceWanted& service, const RemoveService&) {
  note(context, operation_of(service), fmt::format("Operation {}.", word_for(service)));
  auto done = context.store.db->transact([&] { return end_and_remove(context, service); });
  if (!done) return log_failure("remove_service", done);
  say_ended(context, service);
  log(Level::info, "service_removed", {{"service", service.stored.service.spec.name}});
}

}  // namespace tidegate::control
