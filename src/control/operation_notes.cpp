#include "control/operation_notes.h"

#include "base/log.h"

namespace tidegate::control {

void note(Context& context, const std::string& operation_id, std::string_view text) {
  if (operation_id.empty()) return;
  log_failure("operation_log", context.store.logs.append(operation_id, context.clock.wall(), text));
}

void warn(Context& context, const std::string& operation_id, const std::string& text) {
  note(context, operation_id, "WARNING: " + text);
  log_failure("operation_warning", change_operation(*context.store.db, operation_id,
                                                    [&](store::StoredOperation& stored) {
                                                      stored.warnings.push_back(text);
                                                    }));
}

std::string operation_of(const ServiceWanted& service) {
  return service.operation ? service.operation->operation.id : std::string();
}

Result<> change_operation(store::Database& db, const std::string& operation_id,
                          const std::function<void(store::StoredOperation&)>& change) {
  TIDEGATE_TRY(auto found, store::find_operation(db, operation_id));
  if (!found) return {};
  change(*found);
  return store::update_operation(db, *found);
}

Result<> change_service(store::Database& db, const std::string& service_id,
                        const std::function<void(store::StoredService&)>& change) {
  TIDEGATE_TRY(auto found, store::find_service_by_id(db, service_id));
  if (!found) return {};
  change(*found);
  return store::update_service(db, *found);
}

void log_failure(std::string_view what, const Result<>& result) {
  if (result) return;
  log(Level::error, "not_done", {{"what", what}, {"reason", result.error().message}});
}

}  // namespace tidegate::control
