#include "base/log.h"
#include "control/actions/actions.h"
#include "control/operation_notes.h"

namespace tidegate::control {

namespace {

std::string error_for(const std::string& service, const std::string& reason) {
  return to_text(to_json(
      ErrorBody{"ServiceUnhealthy", 503, "No replica of " + service + " is ready: " + reason, {}}));
}

}  // namespace

void act(Context& context, const ServiceWanted& service, const SetState& action) {
  const std::string& name = service.stored.service.spec.name;
  bool is_unhealthy = action.state == domain::ServiceState::unhealthy;
  auto done = change_service(*context.store.db, action.service_id, [&](store::StoredService& one) {
    bool was_unhealthy = one.service.state == domain::ServiceState::unhealthy;
    one.service.state = action.state;
    // The error of a failed update stays until the next change.
    if (was_unhealthy) one.service.error.clear();
    if (is_unhealthy) one.service.error = error_for(name, action.reason);
  });
  if (!done) return log_failure("set_state", done);
  log(is_unhealthy ? Level::warning : Level::info, "service_state",
      {{"service", name}, {"state", domain::state_name(action.state)}});
}

}  // namespace tidegate::control
