#pragma once

#include "base/json.h"
#include "control/context.h"
#include "control/rest/request.h"
#include "store/operations.h"

namespace tidegate::control {

Json operation_json(Context& context, const Request& request, const store::StoredOperation& stored);

// Where the operation is to be asked for: the Operation-Location of a 202.
std::string operation_url(Context& context, const Request& request, const std::string& id);

}  // namespace tidegate::control
