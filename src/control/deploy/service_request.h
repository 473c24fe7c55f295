#pragma once

#include "base/json.h"
#include "domain/complaints.h"
#include "domain/service.h"

namespace tidegate::control {

struct DeployOptions {
  bool strict = false;               // warnings are problems
  bool ignore_docker_steps = false;  // counted in the hash, not executed, not refused
};

// The body of POST /services, read.
struct ServiceRequest {
  domain::ServiceSpec spec;
  domain::Keys keys;  // empty: to be generated, or those that are there stay
  bool overwrite = false;
  DeployOptions options;
  Json record;  // the body without keys, for the operation
};

ServiceRequest read_service_request(const Json& body, std::string_view workspace,
                                    const DeployOptions& options, domain::Complaints& complaints);

// The platform's SDK names assets within the request ("driver") and gives the real id in the url
// (aml://asset/<id>): afterwards ids are real ones everywhere. `image_request` is an
// environmentImageRequest.
void use_real_asset_ids(Json& image_request);

// The id in "aml://asset/<id>"; other text is returned as it is.
std::string asset_id_of_url(std::string_view url);

}  // namespace tidegate::control
