#include "base/log.h"
#include "control/actions/actions.h"
#include "control/operation_notes.h"

namespace tidegate::control {

namespace {

bool is_bad(domain::ServiceState state) {
  return state == domain::ServiceState::unhealthy || state == domain::ServiceState::unschedulable;
}

}  // namespace

void act(Context& context, const ServiceWanted& service, const SetState& action) {
  const std::string& name = service.stored.service.spec.name;
  bool becomes_bad = is_bad(action.state);
  auto done = change_service(*context.store.db, action.service_id, [&](store::StoredService& one) {
    bool was_bad = is_bad(one.service.state);
    one.service.state = action.state;
    // The error of a failed update stays until the next change.
    if (was_bad) one.service.error.clear();
    if (becomes_bad) one.service.error = state_error(name, action.reason, action.trouble);
  });
  if (!done) return log_failure("set_state", done);
  log(becomes_bad ? Level::warning : Level::info, "service_state",
      {{"service", name}, {"state", domain::state_name(action.state)}});
}

}  // namespace tidegate::control
