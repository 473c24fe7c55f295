// deploymentconfig.json (spec deploy.md 4): how a service is run.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "domain/complaints.h"
#include "domain/service.h"

namespace tidegate::domain {

struct DeploymentConfig {
  std::string compute_type = "AKS";
  std::string compute_target_name;
  DeploymentSettings settings;  // what is given, and the server's defaults
  // The members of a create request that the config gives: null and absent are the server's
  // business.
  Json request = Json::object();
};

// `where` begins each complaint ("deploymentconfig.json:"). A missing computeType is a complaint;
// other types than AKS are refused by name.
DeploymentConfig parse_deployment_config(const Json& config, std::string_view where,
                                         Complaints& complaints);

}  // namespace tidegate::domain
