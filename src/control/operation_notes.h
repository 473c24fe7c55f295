#pragma once

#include <string>
#include <string_view>

#include "control/context.h"
#include "control/world.h"

namespace tidegate::control {

// A line of the operation's log, with the time. An empty id: nobody follows; nothing happens.
void note(Context& context, const std::string& operation_id, std::string_view text);
// The same, and it is one of the operation's warnings.
void warn(Context& context, const std::string& operation_id, const std::string& text);

// Id of the operation under way, empty if there is none.
std::string operation_of(const ServiceWanted& service);

// Stores what `change` makes of the operation. An operation that is gone is left alone.
Result<> change_operation(store::Database& db, const std::string& operation_id,
                          const std::function<void(store::StoredOperation&)>& change);

// Stores what `change` makes of the service's row as it is now: other actions of the same plan may
// have written it since the plan's snapshot. A service that is gone is left alone.
Result<> change_service(store::Database& db, const std::string& service_id,
                        const std::function<void(store::StoredService&)>& change);

// A store that fails is nobody's input: logged, and the next plan asks again.
void log_failure(std::string_view what, const Result<>& result);

}  // namespace tidegate::control
