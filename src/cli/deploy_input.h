// Everything local about a deployment, read and checked before anything is sent.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/context.h"
#include "cli/deploy_flags.h"
#include "cli/source.h"
#include "cli/verb.h"
#include "domain/complaints.h"
#include "domain/deployment_config.h"

namespace tidegate::cli {

// The code and its environment.
struct Workload {
  Source source;
  Json environment;                            // with the variables that name the entry script
  std::map<std::string, std::string> origins;  // package line -> where the user wrote it
  std::string description;
};

// Reads the inference config with its flags and the files it names. nullopt after a complaint.
// current_environment: what an update keeps if the config names none; null: the config must name
// one.
std::optional<Workload> read_workload(const DeployFlags& flags, const std::string& service,
                                      const Json& current_environment, const Context& context,
                                      const CommonFlags& common, domain::Complaints& complaints);

// Reads the deployment config with its flags; without a file, an AKS service with defaults.
domain::DeploymentConfig read_deployment(const DeployFlags& flags, const Context& context,
                                         domain::Complaints& complaints);

// Ids of -m and -f.
std::vector<std::string> read_models(const DeployFlags& flags, const Context& context,
                                     domain::Complaints& complaints);

// `k=v` of --tag and the like.
std::map<std::string, std::string> read_pairs(const std::vector<std::string>& texts,
                                              const std::string& flag,
                                              domain::Complaints& complaints);

// Warnings are shown; problems become the one error, all of them.
Result<> settle(domain::Complaints& complaints, bool strict, Console& console);

// The environmentImageRequest.
Json workload_request(const Workload& workload, const std::vector<std::string>& models,
                      Json assets);

}  // namespace tidegate::cli
