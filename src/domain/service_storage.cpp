// The storage form of a service: every field by its own name, so that what the parsers accept may
// change without touching what is stored.
#include <fmt/format.h>

#include "domain/service.h"

namespace tidegate::domain {
namespace {

constexpr int kFormVersion = 1;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <class T>
void read(const Json& json, const char* name, T& out) {
  if (const Json* member = find_member(json, name)) out = member->get<T>();
}

template <class T>
void read(const Json& json, const char* name, std::optional<T>& out) {
  if (const Json* member = find_member(json, name)) out = member->get<T>();
}

Json store(const Environment& environment) {
  return Json{{"name", environment.name},
              {"version", environment.version},
              {"variables", environment.variables},
              {"user_managed", environment.user_managed},
              {"interpreter", environment.interpreter},
              {"python_version", environment.python_version},
              {"pip", environment.pip},
              {"conda", environment.conda},
              {"channels", environment.channels},
              {"base_image", environment.base_image},
              {"base_dockerfile", environment.base_dockerfile},
              {"raw", environment.raw},
              {"origins", environment.origins}};
}

void load(const Json& json, Environment& environment) {
  read(json, "name", environment.name);
  read(json, "version", environment.version);
  read(json, "variables", environment.variables);
  read(json, "user_managed", environment.user_managed);
  read(json, "interpreter", environment.interpreter);
  read(json, "python_version", environment.python_version);
  read(json, "pip", environment.pip);
  read(json, "conda", environment.conda);
  read(json, "channels", environment.channels);
  read(json, "base_image", environment.base_image);
  read(json, "base_dockerfile", environment.base_dockerfile);
  read(json, "origins", environment.origins);
  if (const Json* raw = find_member(json, "raw")) environment.raw = *raw;
}

Json store(const Workload& workload) {
  Json assets = Json::array();
  for (const Asset& asset : workload.assets) {
    assets.push_back({{"id", asset.id}, {"mime_type", asset.mime_type}, {"unpack", asset.unpack}});
  }
  Json models = Json::array();
  for (const ModelRef& model : workload.models) {
    models.push_back({{"name", model.name}, {"version", model.version}});
  }
  return Json{{"driver_program", workload.driver_program},
              {"assets", std::move(assets)},
              {"models", std::move(models)},
              {"environment", store(workload.environment)},
              {"framework", workload.framework}};
}

void load(const Json& json, Workload& workload) {
  read(json, "driver_program", workload.driver_program);
  for (const Json& item : json.at("assets")) {
    Asset& asset = workload.assets.emplace_back();
    read(item, "id", asset.id);
    read(item, "mime_type", asset.mime_type);
    read(item, "unpack", asset.unpack);
  }
  for (const Json& item : json.at("models")) {
    ModelRef& model = workload.models.emplace_back();
    read(item, "name", model.name);
    read(item, "version", model.version);
  }
  load(json.at("environment"), workload.environment);
  read(json, "framework", workload.framework);
}

Json store(const DeploymentSettings& settings) {
  return Json{{"auth_enabled", settings.auth_enabled},
              {"token_auth_enabled", settings.token_auth_enabled},
              {"app_insights_enabled", settings.app_insights_enabled},
              {"collect_model_data", settings.collect_model_data},
              {"num_replicas", or_null(settings.num_replicas)},
              {"autoscaler",
               {{"enabled", settings.autoscaler.enabled},
                {"min_replicas", settings.autoscaler.min_replicas},
                {"max_replicas", settings.autoscaler.max_replicas},
                {"refresh_period_s", settings.autoscaler.refresh_period_s},
                {"target_utilization", settings.autoscaler.target_utilization}}},
              {"resources",
               {{"cpu", settings.resources.cpu},
                {"memory_gb", settings.resources.memory_gb},
                {"cpu_limit", or_null(settings.resources.cpu_limit)},
                {"memory_gb_limit", or_null(settings.resources.memory_gb_limit)},
                {"gpu", or_null(settings.resources.gpu)}}},
              {"probe",
               {{"period_s", settings.probe.period_s},
                {"initial_delay_s", settings.probe.initial_delay_s},
                {"timeout_s", settings.probe.timeout_s},
                {"success_threshold", settings.probe.success_threshold},
                {"failure_threshold", settings.probe.failure_threshold}}},
              {"max_concurrent_per_container", settings.max_concurrent_per_container},
              {"max_queue_wait_ms", settings.max_queue_wait_ms},
              {"scoring_timeout_ms", settings.scoring_timeout_ms},
              {"kubernetes_namespace", settings.kubernetes_namespace}};
}

void load(const Json& json, DeploymentSettings& settings) {
  read(json, "auth_enabled", settings.auth_enabled);
  read(json, "token_auth_enabled", settings.token_auth_enabled);
  read(json, "app_insights_enabled", settings.app_insights_enabled);
  read(json, "collect_model_data", settings.collect_model_data);
  read(json, "num_replicas", settings.num_replicas);
  const Json& scaler = json.at("autoscaler");
  read(scaler, "enabled", settings.autoscaler.enabled);
  read(scaler, "min_replicas", settings.autoscaler.min_replicas);
  read(scaler, "max_replicas", settings.autoscaler.max_replicas);
  read(scaler, "refresh_period_s", settings.autoscaler.refresh_period_s);
  read(scaler, "target_utilization", settings.autoscaler.target_utilization);
  const Json& resources = json.at("resources");
  read(resources, "cpu", settings.resources.cpu);
  read(resources, "memory_gb", settings.resources.memory_gb);
  read(resources, "cpu_limit", settings.resources.cpu_limit);
  read(resources, "memory_gb_limit", settings.resources.memory_gb_limit);
  read(resources, "gpu", settings.resources.gpu);
  const Json& probe = json.at("probe");
  read(probe, "period_s", settings.probe.period_s);
  read(probe, "initial_delay_s", settings.probe.initial_delay_s);
  read(probe, "timeout_s", settings.probe.timeout_s);
  read(probe, "success_threshold", settings.probe.success_threshold);
  read(probe, "failure_threshold", settings.probe.failure_threshold);
  read(json, "max_concurrent_per_container", settings.max_concurrent_per_container);
  read(json, "max_queue_wait_ms", settings.max_queue_wait_ms);
  read(json, "scoring_timeout_ms", settings.scoring_timeout_ms);
  read(json, "kubernetes_namespace", settings.kubernetes_namespace);
}

}  // namespace

Json to_json(const ServiceSpec& spec) {
  return Json{{"form", kFormVersion},
              {"workspace", spec.workspace},
              {"name", spec.name},
              {"compute_name", spec.compute_name},
              {"compute_type", spec.compute_type},
              {"description", spec.description},
              {"tags", spec.tags},
              {"properties", spec.properties},
              {"settings", store(spec.settings)},
              {"workload", store(spec.workload)}};
}

Result<ServiceSpec> service_spec_from_json(const Json& json) {
  if (!json.is_object() || json.value("form", Json()) != Json(kFormVersion)) {
    return fail(Code::internal, fmt::format("the stored service is not of form {}", kFormVersion));
  }
  try {
    ServiceSpec spec;
    read(json, "workspace", spec.workspace);
    read(json, "name", spec.name);
    read(json, "compute_name", spec.compute_name);
    read(json, "compute_type", spec.compute_type);
    read(json, "description", spec.description);
    read(json, "tags", spec.tags);
    read(json, "properties", spec.properties);
    load(json.at("settings"), spec.settings);
    load(json.at("workload"), spec.workload);
    return spec;
  } catch (const Json::exception& error) {
    return fail(Code::internal, fmt::format("the stored service cannot be read: {}", error.what()));
  }
}

}  // namespace tidegate::domain
