#include "domain/inference_config.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "domain/object_reader.h"

namespace tidegate::domain {
namespace {

constexpr std::array<std::string_view, 35> kPythonKeywords = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};

bool is_identifier(std::string_view name) {
  auto is_start = [](char c) {
    // Letters beyond ASCII are allowed in Python; their bytes all have the high bit.
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
  };
  return !name.empty() && is_start(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_start(c) || (c >= '0' && c <= '9'); });
}

bool leaves_folder(std::string_view path) {
  if (path.starts_with('/')) return true;
  int depth = 0;
  while (!path.empty()) {
    auto slash = path.find('/');
    std::string_view part = path.substr(0, slash);
    if (part == "..") --depth;
    if (part != ".." && part != "." && !part.empty()) ++depth;
    if (depth < 0) return true;
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return false;
}

void check_runtime(const InferenceConfig& config, ObjectReader& reader, Complaints& complaints) {
  const std::string& runtime = config.runtime;
  if (runtime.empty() || runtime == "python" || runtime == "python-slim") return;
  complaints.add(reader.place("runtime"), runtime == "spark-py"
                                              ? "spark-py is not offered; use python"
                                              : fmt::format("must be python, is \"{}\"", runtime));
}

void check_registry(ObjectReader& reader, Complaints& complaints) {
  const Json* registry = reader.object("baseImageRegistry");
  if (registry == nullptr) return;
  ObjectReader members(*registry, reader.place("baseImageRegistry"), complaints);
  int given = 0;
  for (std::string_view key : {"address", "username", "password"})
    given += members.text(key) ? 1 : 0;
  members.also_known({"registryIdentity"});
  members.warn_unknown();
  if (given != 0 && given != 3) {
    complaints.add(reader.place("baseImageRegistry"), "address, username and password go together");
  }
}

void read_legacy(InferenceConfig& config, ObjectReader& reader, Complaints& complaints) {
  config.runtime = reader.text("runtime").value_or("");
  config.conda_file = reader.text("condaFile").value_or("");
  config.extra_docker_steps_file = reader.text("extraDockerfileSteps").value_or("");
  config.base_image = reader.text("baseImage").value_or("");
  if (const Json* registry = reader.any("baseImageRegistry"))
    config.base_image_registry = *registry;
  check_runtime(config, reader, complaints);
  check_registry(reader, complaints);
  if (reader.boolean("enableGpu").value_or(false)) {
    complaints.warn(reader.place("enableGpu"),
                    "no GPU image is chosen for a process: it sees all GPUs of the machine");
  }
  auto cuda = reader.text_or_number("cudaVersion");
  if (cuda && *cuda != "9.0" && *cuda != "9.1" && *cuda != "10.0" && *cuda != "10") {
    complaints.add(reader.place("cudaVersion"),
                   fmt::format("must be 9.0, 9.1 or 10.0, is {}", *cuda));
  }
}

// Either an environment or the older keys, and one of them.
void check_spellings(const InferenceConfig& config, ObjectReader& reader, Complaints& complaints) {
  if (!config.environment) {
    bool wrong_type = reader.any("environment") != nullptr;
    bool legacy = !config.conda_file.empty() || !config.base_image.empty() ||
                  !config.extra_docker_steps_file.empty() || !config.runtime.empty();
    if (!legacy && !wrong_type) {
      complaints.add(reader.place("environment"),
                     "is missing: give an environment with python.condaDependencies, or condaFile");
    }
    return;
  }
  for (std::string_view key : {"runtime", "condaFile", "extraDockerfileSteps", "enableGpu",
                               "cudaVersion", "baseImage", "baseImageRegistry"}) {
    const Json* value = reader.any(key);
    if (value == nullptr || *value == Json(false)) continue;
    complaints.add(reader.place(key),
                   "cannot be given together with environment: move it into environment");
  }
}

Json conda_or_empty(const NamedFiles& files) {
  return files.conda ? files.conda->json : Json{{"dependencies", Json::array()}};
}

Json legacy_environment(const InferenceConfig& config, const NamedFiles& files,
                        std::string_view service_name) {
  Json docker = Json::object();
  if (!files.docker_steps.empty()) {
    std::string base = config.base_image.empty() ? "ubuntu:22.04" : config.base_image;
    docker["baseDockerfile"] = fmt::format("FROM {}\n{}", base, files.docker_steps);
  } else if (!config.base_image.empty()) {
    docker["baseImage"] = config.base_image;
  }
  if (config.base_image_registry.is_object())
    docker["baseImageRegistry"] = config.base_image_registry;
  return Json{{"name", fmt::format("{}-env", service_name)},
              {"environmentVariables", Json::object()},
              {"python",
               {{"userManagedDependencies", false}, {"condaDependencies", conda_or_empty(files)}}},
              {"docker", docker}};
}

}  // namespace

std::string InferenceConfig::conda_path() const {
  if (!environment) return conda_file;
  const Json* python = find_member(*environment, "python");
  if (python == nullptr || find_member(*python, "condaDependencies") != nullptr) return "";
  return text_or(*python, "condaDependenciesFile", "");
}

void check_entry_script(std::string_view path, std::string_view where, Complaints& complaints) {
  std::string place(where);
  if (path.empty()) return complaints.add(place, "is missing: the script with init() and run()");
  if (!path.ends_with(".py")) {
    return complaints.add(place,
                          fmt::format("Invalid driver type. Currently only Python drivers are "
                                      "supported: must end in .py, is \"{}\"",
                                      path));
  }
  std::string_view name = path.substr(path.rfind('/') + 1);
  name.remove_suffix(3);
  bool is_keyword = std::ranges::find(kPythonKeywords, name) != kPythonKeywords.end();
  if (!is_identifier(name) || is_keyword) {
    complaints.add(place,
                   fmt::format("\"{}\" cannot be imported by Python: letters, digits and '_' only, "
                               "no digit first, no keyword",
                               name));
  }
  if (leaves_folder(path)) {
    complaints.add(place,
                   fmt::format("\"{}\" must be relative and below the source directory", path));
  }
}

InferenceConfig parse_inference_config(const Json& config, std::string_view where,
                                       Complaints& complaints) {
  InferenceConfig out;
  ObjectReader reader(config, std::string(where), complaints);
  bool has_script = reader.any("entryScript") != nullptr;
  auto script = reader.text("entryScript");
  if (script || !has_script)
    check_entry_script(script.value_or(""), reader.place("entryScript"), complaints);
  out.entry_script = script.value_or("");
  out.source_directory = reader.text("sourceDirectory").value_or("");
  out.description = reader.text("description").value_or("");
  if (const Json* environment = reader.object("environment")) {
    out.environment = *environment;
    parse_environment(*environment, reader.place("environment"), complaints);
  }
  read_legacy(out, reader, complaints);
  check_spellings(out, reader, complaints);
  reader.warn_unknown();
  return out;
}

Json environment_of(const InferenceConfig& config, const NamedFiles& files,
                    std::string_view service_name) {
  if (!config.environment) return legacy_environment(config, files, service_name);
  Json environment = *config.environment;
  if (files.conda) environment["python"]["condaDependencies"] = files.conda->json;
  return environment;
}

}  // namespace tidegate::domain
