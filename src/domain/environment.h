#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "domain/complaints.h"

namespace tidegate::domain {

// The part of an inference config's `environment` that Tidegate acts on (spec deploy.md 3). The
// whole JSON as the user gave it is kept in `raw` and returned to clients unchanged.
struct Environment {
  std::string name;
  std::string version;
  std::map<std::string, std::string> variables;  // environmentVariables
  bool user_managed = false;                     // python.userManagedDependencies
  std::string interpreter = "python";            // python.interpreterPath
  std::string python_version;                    // "3.8" or "3.8.13" from python=..., empty: any
  std::vector<std::string> pip;                  // requirement lines
  std::vector<std::string> conda;  // conda specs other than python and pip, as written
  std::vector<std::string> channels;
  std::string base_image;
  std::string base_dockerfile;
  Json raw;

  // Where each pip/conda line came from, for errors: "conda_dependencies.yml:7" or
  // "inferenceconfig.json: environment.python.condaDependencies.dependencies[1].pip[0]"; key = the
  // line.
  std::map<std::string, std::string> origins;
};

// `where` begins each complaint, e.g. "inferenceconfig.json: environment". Unknown keys are
// warnings with a suggestion. Missing keys have the platform's defaults.
Environment parse_environment(const Json& json, std::string_view where, Complaints& complaints);

}  // namespace tidegate::domain
