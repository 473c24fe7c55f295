#include "cli/deploy_input.h"

#include <fmt/format.h>

#include "domain/conda.h"
#include "domain/model.h"
#include "domain/object_reader.h"

namespace tidegate::cli {
namespace {

namespace fs = std::filesystem;
using domain::Complaints;

// A file that the inference config names: below the source folder, else the current one, else
// beside the config.
std::optional<std::string> read_named(const std::string& name, const Source& source,
                                      const SearchFolders& search, const std::string& where,
                                      Complaints& complaints) {
  std::error_code error;
  for (const os::Path& folder : {source.base(search), search.current, search.config}) {
    os::Path path = (folder / name).lexically_normal();
    if (fs::exists(path, error)) return read_text(path, name, where, complaints);
  }
  os::Path first = (source.base(search) / name).lexically_normal();
  os::Path last = (search.config / name).lexically_normal();
  complaints.add(where, fmt::format("{} is not there: looked for {}", name, both(first, last)));
  return std::nullopt;
}

std::string conda_key(const domain::InferenceConfig& config) {
  return config.environment ? "environment.python.condaDependenciesFile" : "condaFile";
}

domain::NamedFiles read_named_files(const domain::InferenceConfig& config, const Source& source,
                                    const SearchFolders& search, const std::string& where,
                                    Complaints& complaints) {
  domain::NamedFiles files;
  if (std::string name = config.conda_path(); !name.empty()) {
    auto text =
        read_named(name, source, search, domain::place_of(where, conda_key(config)), complaints);
    if (text) files.conda = domain::parse_conda(*text, name, complaints);
  }
  if (const std::string& name = config.extra_docker_steps_file; !name.empty()) {
    auto text = read_named(name, source, search, domain::place_of(where, "extraDockerfileSteps"),
                           complaints);
    if (text) files.docker_steps = std::move(*text);
  }
  return files;
}

// Lines of a conda file are known by file and line, others by their key.
std::map<std::string, std::string> origins_of(const Json& environment,
                                              const domain::NamedFiles& files,
                                              const std::string& where) {
  if (files.conda) return files.conda->origins;
  Complaints said_already;
  return domain::parse_environment(environment, domain::place_of(where, "environment"),
                                   said_already)
      .origins;
}

void name_entry_script(Json& environment, const Source& source) {
  Json& variables = environment["environmentVariables"];
  if (!variables.is_object()) variables = Json::object();
  variables["AZUREML_ENTRY_SCRIPT"] = source.entry;
  if (!source.folder.empty()) variables["AZUREML_SOURCE_DIRECTORY"] = source.folder_name();
}

bool names_environment(const Json& config) {
  for (const char* key :
       {"environment", "condaFile", "baseImage", "extraDockerfileSteps", "runtime"}) {
    if (find_member(config, key) != nullptr) return true;
  }
  return false;
}

// A file written by `model register -t`.
void read_metadata(const std::string& name, const Context& context,
                   std::vector<std::string>& models, Complaints& complaints) {
  const std::string flag = "-f/--model-metadata-file";
  auto file = read_config(name, flag, context.folder, complaints);
  if (!file) return;
  std::string id = text_or(file->json, "modelId", "");
  if (id.empty()) return complaints.add(flag, fmt::format("{} has no modelId", name));
  models.push_back(std::move(id));
}

}  // namespace

std::optional<Workload> read_workload(const DeployFlags& flags, const std::string& service,
                                      const Json& current_environment, const Context& context,
                                      const CommonFlags& common, Complaints& complaints) {
  os::Path base = (context.folder / common.path).lexically_normal();
  ConfigFile file{.folder = base};
  if (flags.inference_config) {
    auto read = read_config(*flags.inference_config, std::string(kInferenceLabel), context.folder,
                            complaints);
    if (!read) return std::nullopt;
    file = std::move(*read);
  }
  Overlay overlay(file, flags.inference);
  if (!current_environment.is_null() && !names_environment(file.json)) {
    file.json["environment"] = current_environment;
  }
  SearchFolders search{.current = base, .config = file.folder};
  Complaints found;
  auto config = domain::parse_inference_config(file.json, file.where, found);
  auto source = find_source(config, search, file.where, found);
  auto files = read_named_files(config, source.value_or(Source{}), search, file.where, found);
  overlay.relabel(found);
  complaints.append(found);
  if (!source || !found.empty()) return std::nullopt;

  Workload workload{.source = std::move(*source), .description = config.description};
  workload.environment = domain::environment_of(config, files, service);
  workload.origins = origins_of(workload.environment, files, file.where);
  name_entry_script(workload.environment, workload.source);
  return workload;
}

domain::DeploymentConfig read_deployment(const DeployFlags& flags, const Context& context,
                                         Complaints& complaints) {
  ConfigFile file{.folder = context.folder, .json = {{"computeType", "AKS"}}};
  if (flags.deployment_config) {
    auto read = read_config(*flags.deployment_config, std::string(kDeploymentLabel), context.folder,
                            complaints);
    if (!read) return {};
    file = std::move(*read);
  }
  Overlay overlay(file, flags.settings);
  Complaints found;
  auto config = domain::parse_deployment_config(file.json, file.where, found);
  overlay.relabel(found);
  complaints.append(found);
  return config;
}

std::vector<std::string> read_models(const DeployFlags& flags, const Context& context,
                                     Complaints& complaints) {
  std::vector<std::string> models;
  for (const std::string& text : flags.models) {
    if (auto model = domain::parse_model_ref(text); !model) {
      complaints.add("-m/--model", model.error().message);
    } else {
      models.push_back(model->id());
    }
  }
  for (const std::string& name : flags.model_metadata)
    read_metadata(name, context, models, complaints);
  return models;
}

std::map<std::string, std::string> read_pairs(const std::vector<std::string>& texts,
                                              const std::string& flag, Complaints& complaints) {
  std::map<std::string, std::string> pairs;
  for (const std::string& text : texts) {
    auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      complaints.add(flag, fmt::format("must be key=value, is \"{}\"", text));
    } else {
      pairs[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  return pairs;
}

Result<> settle(Complaints& complaints, bool strict, Console& console) {
  if (strict) complaints.make_strict();
  for (const auto& warning : complaints.warnings()) console.warn(domain::line_of(warning));
  Result<> result = complaints.as_result();
  if (result || complaints.problems().size() == 1) return result;
  return fail(Code::invalid, fmt::format("{} problems, nothing was sent:\n{}",
                                         complaints.problems().size(), result.error().message));
}

Json workload_request(const Workload& workload, const std::vector<std::string>& models,
                      Json assets) {
  return Json{{"driverProgram", nullptr},
              {"assets", std::move(assets)},
              {"modelIds", models},
              {"environment", workload.environment},
              {"tidegate", {{"origins", workload.origins}}}};
}

}  // namespace tidegate::cli
