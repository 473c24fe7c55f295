// inferenceconfig.json (spec deploy.md 3): how a request is scored.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "domain/complaints.h"
#include "domain/conda.h"

namespace tidegate::domain {

struct InferenceConfig {
  std::string entry_script;
  std::string source_directory;  // as written; empty: only the script is sent
  std::string description;
  std::optional<Json> environment;  // as written

  // The older spelling of an environment, exclusive with it.
  std::string runtime;
  std::string conda_file;               // a path
  std::string extra_docker_steps_file;  // a path
  std::string base_image;
  Json base_image_registry;

  // The conda file that either spelling names; empty: none.
  std::string conda_path() const;
};

// `where` begins each complaint ("inferenceconfig.json:"). Paths are not looked at: the caller
// reads the files.
InferenceConfig parse_inference_config(const Json& config, std::string_view where,
                                       Complaints& complaints);

// Texts of the files that the config names.
struct NamedFiles {
  std::optional<CondaFile> conda;
  std::string docker_steps;
};
// The environment JSON to send, for either spelling.
Json environment_of(const InferenceConfig& config, const NamedFiles& files,
                    std::string_view service_name);

// Entry scripts end in .py and can be imported: the base name is an identifier, no keyword.
void check_entry_script(std::string_view path, std::string_view where, Complaints& complaints);

}  // namespace tidegate::domain
