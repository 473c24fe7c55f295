#pragma once

#include "base/json.h"
#include "domain/complaints.h"
#include "domain/model.h"

namespace tidegate::control {

// Every member that clients of the platform look for, also inside a service (spec deploy.md 2).
Json model_json(const domain::Model& model);

// The body of POST /models; files and version stay empty, asset_id is that of `url`.
domain::Model read_model(const Json& body, domain::Complaints& complaints);

}  // namespace tidegate::control
