// Inside of domain only: the parts of reading a create request that a patch needs too.
#pragma once

#include "base/json.h"
#include "domain/complaints.h"
#include "domain/service.h"

namespace tidegate::domain {

// Everything but `environmentImageRequest`, whose absence is no complaint here.
ServiceSpec read_request_members(const Json& request, Complaints& complaints);
Workload read_workload(const Json& json, Complaints& complaints);

}  // namespace tidegate::domain
