#include "backend/variables.h"

#include <fmt/format.h>

namespace tidegate::backend {
namespace {

void set_model_folder(const VersionPlan& plan, const std::string& app_root, Variables& out) {
  if (plan.models.empty()) return;
  std::string folder = fmt::format("{}/{}", app_root, kModelsFolder);
  if (plan.models.size() == 1) {
    folder += fmt::format("/{}/{}", plan.models[0].name, plan.models[0].version);
  }
  out["AZUREML_MODEL_DIR"] = folder;
}

}  // namespace

void add_defaults(const VersionPlan& plan, const Place& place, Variables& out) {
  set_model_folder(plan, place.app_root, out);
  if (!plan.entry_script.empty()) out["AZUREML_ENTRY_SCRIPT"] = plan.entry_script;
  if (!plan.source_directory.empty()) out["AZUREML_SOURCE_DIRECTORY"] = plan.source_directory;
  out["SERVICE_NAME"] = plan.service_name;
  out["SERVICE_ID"] = service_id_of(plan.version_id);
  out["WORKSPACE_NAME"] = plan.workspace;
  out["SERVICE_PATH_PREFIX"] = "api/v1/service/" + plan.service_name;
  out["SCORING_TIMEOUT_MS"] = std::to_string(plan.scoring_timeout_ms);
  if (!plan.compute_name.empty()) out["COMPUTE_NAME"] = plan.compute_name;
  out["COMPUTE_TYPE"] = "AKS";
  out["COMPUTE_LOCATION"] = place.location;
  out["PYTHONUNBUFFERED"] = "1";
}

void add_environments_own(const VersionPlan& plan, Variables& out) {
  for (const auto& [name, value] : plan.variables) {
    if (!name.starts_with("TIDEGATE_")) out[name] = value;
  }
}

void add_fixed(const VersionPlan& plan, const Place& place, Variables& out) {
  out["AML_APP_ROOT"] = place.app_root;
  out["TIDEGATE_LISTEN"] = place.listen;
  out["TIDEGATE_STARTUP_ERROR"] = place.startup_error;
  out["TIDEGATE_MAX_CONCURRENT"] = std::to_string(plan.max_concurrent);
  out["TIDEGATE_BODY_MAX_BYTES"] = std::to_string(plan.body_max_bytes);
  if (!plan.framework.empty()) out["TIDEGATE_NO_CODE"] = plan.framework;
  if (plan.collects_model_data && !place.model_data.empty()) {
    out["AML_MODEL_DC_STORAGE_ENABLED"] = "true";
    out["TIDEGATE_MODEL_DATA"] = place.model_data;
    out["TIDEGATE_WORKSPACE"] = plan.workspace_triple;
  }
}

std::string put_before(const std::string& first, const std::string& rest) {
  return rest.empty() ? first : first + ":" + rest;
}

std::string value_or(const Variables& variables, const std::string& name,
                     std::string_view fallback) {
  auto found = variables.find(name);
  return found == variables.end() || found->second.empty() ? std::string(fallback) : found->second;
}

std::string service_id_of(std::string_view version_id) {
  return std::string(version_id.substr(0, version_id.rfind('.')));
}

std::string generation_of(std::string_view version_id) {
  auto dot = version_id.rfind('.');
  return dot == std::string_view::npos ? "" : std::string(version_id.substr(dot + 1));
}

}  // namespace tidegate::backend
