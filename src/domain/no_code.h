// Deployment without a script (spec deploy.md 9): which environment a registered model is served in
// when nobody gives one. The scripts are in python/server/tidegate_server/no_code.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/complaints.h"
#include "domain/environment.h"
#include "domain/model.h"
#include "domain/service.h"

namespace tidegate::domain {

// The SDK's words for a request that names no script and not exactly one model.
inline constexpr std::string_view kNeedsOneModel =
    "You must provide an InferenceConfig when deploying zero or multiple models.";

// Which models can be served so: values of Model::framework.
std::vector<std::string_view> no_code_frameworks();

// The environment for the model: its framework's package in the version that it was registered
// with, what that needs, and a Python that has wheels of it. Every package is pinned, nothing is
// compiled. nullopt after a complaint about `where`: another framework, or no such version. A
// version that we had to choose is a warning.
std::optional<Environment> no_code_environment(const Model& model, std::string_view where,
                                               Complaints& complaints);

// One line for the deployment's log: what was chosen. `workload` has a framework.
std::string no_code_summary(const Workload& workload);

}  // namespace tidegate::domain
