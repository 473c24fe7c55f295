// Ending a change of a service that is under way, because another takes its place.
#pragma once

#include <string_view>

#include "control/context.h"
#include "store/services.h"

namespace tidegate::control {

// Code::conflict, with the operation named, once the service is being deleted: nothing takes the
// place of that.
Result<> check_changeable(store::Database& db, const store::StoredService& stored);

// Inside a transaction. The operation that runs, if any, ends as Cancelled with the error
// "cancelled by <because>"; what it had begun drains. Whoever waits for it is told at once.
Result<> cancel_running(Context& context, const store::StoredService& stored,
                        std::string_view because);

// What the service is to become: the version on its way, if there is one, else what serves.
Result<domain::ServiceSpec> wanted_spec(store::Database& db, const store::StoredService& stored);

}  // namespace tidegate::control
