// Writing down what is wanted. Each is one transaction; the reconciler makes it so. Returns the id
// of the operation that follows it.
#pragma once

#include <string>
#include <vector>

#include "control/context.h"
#include "control/deploy/service_request.h"

namespace tidegate::control {

// A name that is taken: Code::conflict.
Result<std::string> accept_create(Context& context, const ServiceRequest& request,
                                  const std::vector<std::string>& warnings);

struct UpdateRequest {
  domain::ServiceSpec spec;
  domain::Keys keys;  // empty: those that are there stay
  DeployOptions options;
  Json record;
};
// Empty id: nothing had to be followed (tags, properties, description only). A change that is under
// way is cancelled: this one takes its place. Code::conflict while the service is being deleted.
Result<std::string> accept_update(Context& context, const std::string& service_id,
                                  const UpdateRequest& request,
                                  const std::vector<std::string>& warnings);

// A change that is under way is cancelled. Code::conflict while the service is being deleted.
Result<std::string> accept_delete(Context& context, const std::string& service_id);

}  // namespace tidegate::control
