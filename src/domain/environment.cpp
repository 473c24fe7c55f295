#include "domain/environment.h"

#include <fmt/format.h>

#include "domain/conda.h"
#include "domain/object_reader.h"

namespace tidegate::domain {
namespace {

void check_variable_names(const Environment& environment, const std::string& place,
                          Complaints& complaints) {
  for (const auto& [name, value] : environment.variables) {
    if (name.empty() || name.find('=') != std::string::npos ||
        name.find('\0') != std::string::npos) {
      complaints.add(place, fmt::format("\"{}\" is no name of an environment variable", name));
    }
    if (value.find('\0') != std::string::npos) {
      complaints.add(place_of(place, name), "must not hold a zero byte");
    }
  }
}

void parse_python(const Json& json, const std::string& where, Environment& environment,
                  Complaints& complaints) {
  ObjectReader python(json, where, complaints);
  environment.user_managed = python.boolean("userManagedDependencies").value_or(false);
  environment.interpreter = python.text("interpreterPath").value_or("python");
  python.also_known({"condaDependenciesFile", "baseCondaEnvironment"});
  if (const Json* conda = python.object("condaDependencies")) {
    std::string place = python.place("condaDependencies");
    read_conda(
        *conda, [&](std::string_view path) { return place_of(place, path); }, environment,
        complaints);
  }
  python.warn_unknown();
  if (environment.interpreter.empty()) {
    complaints.add(python.place("interpreterPath"), "must not be empty: \"python\" or a path");
  }
}

void parse_docker(const Json& json, const std::string& where, Environment& environment,
                  Complaints& complaints) {
  ObjectReader docker(json, where, complaints);
  environment.base_image = docker.text("baseImage").value_or("");
  environment.base_dockerfile = docker.text("baseDockerfile").value_or("");
  if (docker.object("buildContext") != nullptr) {
    complaints.warn(docker.place("buildContext"),
                    "Docker build contexts are not offered yet, ignored");
  }
  docker.also_known({"enabled", "baseImageRegistry", "platform", "sharedVolumes", "shmSize",
                     "arguments", "gpuSupport"});
  docker.warn_unknown();
  if (!environment.base_image.empty() && !environment.base_dockerfile.empty()) {
    complaints.add(docker.place("baseDockerfile"),
                   "baseDockerfile and baseImage together: set one of them to null");
  }
}

}  // namespace

Environment parse_environment(const Json& json, std::string_view where, Complaints& complaints) {
  Environment environment;
  environment.raw = json;
  ObjectReader reader(json, std::string(where), complaints);
  environment.name = reader.text("name").value_or("");
  environment.version = reader.text_or_number("version").value_or("");
  environment.variables = reader.text_map("environmentVariables");
  check_variable_names(environment, reader.place("environmentVariables"), complaints);
  if (const Json* python = reader.object("python")) {
    parse_python(*python, reader.place("python"), environment, complaints);
  }
  if (const Json* docker = reader.object("docker")) {
    parse_docker(*docker, reader.place("docker"), environment, complaints);
  }
  // `inferencing_stack_version` and `spark` change nothing here: the scoring server comes from
  // outside the environment, and there are no Spark services.
  reader.also_known(
      {"spark", "databricks", "r", "inferencingStackVersion", "assetId", "$schema", "isolated"});
  reader.warn_unknown();
  return environment;
}

}  // namespace tidegate::domain
