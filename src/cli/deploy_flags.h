// The flags that `model deploy` and `service update` share: files, and flags that override what is
// in them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/config_file.h"
#include "cli/flag_set.h"
#include "domain/complaints.h"

namespace tidegate::cli {

struct DeployFlags {
  std::optional<std::string> inference_config;
  std::optional<std::string> deployment_config;
  std::vector<std::string> models;
  std::vector<std::string> model_metadata;
  std::map<std::string, std::string> settings;   // key of the deployment config -> text
  std::map<std::string, std::string> inference;  // key of the inference config -> text
  std::vector<std::string> properties;
  bool strict = false;
  bool ignore_docker_steps = false;
  bool no_wait = false;

  void declare_files(FlagSet& flags);
  void declare_create(FlagSet& flags);  // what only a new service can be given
  void declare_settings(FlagSet& flags);
  void declare_image(FlagSet& flags);
  void declare_foreign(FlagSet& flags);  // accepted or refused

  // "?strict=true&ignoreDockerSteps=true", or empty.
  std::string query() const;
};

// The flags that were given put over the file. A complaint about such a key is then about its flag:
// relabel() says so.
class Overlay {
 public:
  // `flags`: key -> text as typed.
  Overlay(ConfigFile& file, const std::map<std::string, std::string>& flags);
  void relabel(domain::Complaints& complaints) const;

 private:
  std::vector<std::pair<std::string, std::string>> labels_;  // place -> flag
};

inline constexpr std::string_view kInferenceLabel = "-ic/--inference-config-file";
inline constexpr std::string_view kDeploymentLabel = "-dc/--deploy-config-file";

}  // namespace tidegate::cli
