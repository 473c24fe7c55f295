#pragma once

#include "control/context.h"
#include "domain/service.h"

namespace tidegate::control {

// A workload that is one model and nothing else gets the framework's script and environment, by
// how the model is registered. Complains of a framework or version that has none; a model that is
// not there is for check_spec() to tell. Others stay as they are.
void fill_in_no_code(Context& context, domain::ServiceSpec& spec, domain::Complaints& complaints);

}  // namespace tidegate::control
