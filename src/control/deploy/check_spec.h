#pragma once

#include "control/context.h"
#include "control/deploy/service_request.h"

namespace tidegate::control {

// All that can be said against a spec without building anything, beyond what parsing said: unknown
// compute target or model, what is not offered yet, packages that cannot be had.
void check_spec(Context& context, const domain::ServiceSpec& spec, const DeployOptions& options,
                domain::Complaints& complaints);

// An update may not move a service to or from a cluster.
void check_same_compute(Context& context, const domain::ServiceSpec& from,
                        const domain::ServiceSpec& to, domain::Complaints& complaints);

// The Python that looks at the entry script; that of an image is not on this machine, so any will
// do. Empty: there is none.
std::string python_for_checks(Context& context, const domain::ServiceSpec& spec);

// A name that is taken; told apart because it alone is a conflict (409).
void check_name_is_free(Context& context, const domain::ServiceSpec& spec, bool overwrite,
                        domain::Complaints& complaints);

// What is not refused but should be known: lines for the operation.
std::vector<std::string> notices_about(const domain::ServiceSpec& spec);

}  // namespace tidegate::control
