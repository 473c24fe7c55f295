#include "backend/local/launch.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "backend/local/layout.h"

namespace tidegate::backend::local {
namespace {

constexpr std::string_view kPassedOn[] = {
    "LANG",        "LC_ALL",      "TZ",       "LD_LIBRARY_PATH", "http_proxy", "HTTP_PROXY",
    "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY",        "PATH"};
constexpr std::string_view kPassedOnPrefixes[] = {"OPENBLAS_", "OMP_", "MKL_", "CUDA_", "NVIDIA_"};
constexpr std::string_view kUsualPath = "/usr/local/bin:/usr/bin:/bin";

std::string value_or(const Variables& variables, const std::string& name,
                     std::string_view fallback) {
  auto found = variables.find(name);
  return found == variables.end() || found->second.empty() ? std::string(fallback) : found->second;
}

std::string put_before(const std::string& first, const std::string& rest) {
  return rest.empty() ? first : first + ":" + rest;
}

// "<service id>.<generation>" -> the service id
std::string service_id_of(const std::string& version_id) {
  return version_id.substr(0, version_id.rfind('.'));
}

void set_model_folder(Variables& out, const VersionPlan& plan, const std::string& app_root) {
  if (plan.models.empty()) return;
  std::string folder = fmt::format("{}/{}", app_root, kModelsFolder);
  if (plan.models.size() == 1) {
    folder += fmt::format("/{}/{}", plan.models[0].name, plan.models[0].version);
  }
  out["AZUREML_MODEL_DIR"] = folder;
}

// What the user's own variables may change.
Variables defaults_of(const Launch& launch) {
  const VersionPlan& plan = launch.plan;
  Variables out = launch.passed_on;
  out.try_emplace("LANG", "C.UTF-8");
  set_model_folder(out, plan, launch.view.app_root);
  out["AZUREML_ENTRY_SCRIPT"] = plan.entry_script;
  if (!plan.source_directory.empty()) out["AZUREML_SOURCE_DIRECTORY"] = plan.source_directory;
  out["SERVICE_NAME"] = plan.service_name;
  out["SERVICE_ID"] = service_id_of(plan.version_id);
  out["WORKSPACE_NAME"] = plan.workspace;
  out["SERVICE_PATH_PREFIX"] = "api/v1/service/" + plan.service_name;
  out["SCORING_TIMEOUT_MS"] = std::to_string(plan.scoring_timeout_ms);
  out["HOSTNAME"] = launch.replica_id;
  if (!plan.compute_name.empty()) out["COMPUTE_NAME"] = plan.compute_name;
  out["COMPUTE_TYPE"] = "AKS";
  out["COMPUTE_LOCATION"] = "local";
  out["PYTHONUNBUFFERED"] = "1";
  out["HOME"] = launch.view.tmp;
  out["TMPDIR"] = launch.view.tmp;
  return out;
}

}  // namespace

Variables passed_on(const Variables& ours) {
  Variables out;
  for (const auto& [name, value] : ours) {
    bool wanted =
        std::find(std::begin(kPassedOn), std::end(kPassedOn), name) != std::end(kPassedOn);
    for (std::string_view prefix : kPassedOnPrefixes) wanted = wanted || name.starts_with(prefix);
    if (wanted) out[name] = value;
  }
  return out;
}

Variables variables_of_this_process() {
  Variables out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view text = *entry;
    auto equals = text.find('=');
    if (equals != std::string_view::npos)
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

Variables variables_of(const Launch& launch) {
  Variables out = defaults_of(launch);
  for (const auto& [name, value] : launch.plan.variables) {
    if (!name.starts_with("TIDEGATE_")) out[name] = value;
  }
  os::Path bin = os::Path(launch.plan.interpreter).parent_path();
  out["PATH"] = put_before(bin.string(), value_or(out, "PATH", kUsualPath));
  out["PYTHONPATH"] = put_before(launch.server_path, value_or(out, "PYTHONPATH", ""));
  out["AML_APP_ROOT"] = launch.view.app_root;
  out["TIDEGATE_LISTEN"] = "unix:" + launch.view.socket;
  // Beside the socket, where control looks for it when the replica does not come up.
  os::Path run = os::Path(launch.view.socket).parent_path();
  out["TIDEGATE_STARTUP_ERROR"] = (run / "startup_error.json").string();
  out["TIDEGATE_MAX_CONCURRENT"] = std::to_string(launch.plan.max_concurrent);
  out["TIDEGATE_BODY_MAX_BYTES"] = std::to_string(launch.plan.body_max_bytes);
  return out;
}

std::vector<std::string> command_of(const VersionPlan& plan, const std::string& server_path) {
  return {plan.interpreter, server_path + "/tidegate_server"};
}

}  // namespace tidegate::backend::local
