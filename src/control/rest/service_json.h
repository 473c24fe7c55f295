#pragma once

#include "base/json.h"
#include "control/context.h"
#include "store/operations.h"
#include "store/services.h"

namespace tidegate::control {

// The service as clients of the platform read it (spec deploy.md 8), and `tidegate` for the rest.
Result<Json> service_json(Context& context, const store::StoredService& stored);

// A service whose creation failed, from what its operation keeps: it is registered nowhere any
// more.
Result<Json> failed_service_json(Context& context, const store::StoredOperation& operation);

// What it was to become, with state and error as they are shown.
Result<domain::Service> failed_service(const store::StoredOperation& operation);

// The newest creation of that name, if it failed within a day and has not been deleted since.
Result<std::optional<store::StoredOperation>> find_failed_creation(Context& context,
                                                                   std::string_view workspace,
                                                                   std::string_view name);

// All of them, oldest first; also of names that a service has now.
Result<std::vector<store::StoredOperation>> list_failed_creations(Context& context,
                                                                  std::string_view workspace);

// Where clients send their requests: this machine's router, or the cluster's.
std::string scoring_uri(Context& context, const domain::ServiceSpec& spec);

}  // namespace tidegate::control
