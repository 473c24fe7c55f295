#pragma once

#include <string>

#include "control/context.h"
#include "control/rest/request.h"
#include "control/rest/responder.h"
#include "store/services.h"

namespace tidegate::control {

ErrorBody service_not_found(const std::string& name);
Result<std::optional<store::StoredService>> find_service(Context& context, const Request& request,
                                                         const std::string& name);

// 202 with Operation-Location; an empty operation: 200. The body is the service as it is now.
void send_accepted(Context& context, const Request& request, Responder& responder,
                   const std::string& name, const std::string& operation_id);

}  // namespace tidegate::control
