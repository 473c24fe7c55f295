// A service as the create request spells it: read, checked, and written again.
#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "domain/names.h"
#include "domain/no_code.h"
#include "domain/object_reader.h"
#include "domain/service_request.h"
#include "domain/settings.h"

namespace tidegate::domain {
namespace {

constexpr std::array<std::string_view, 22> kOtherKeys = {"name",
                                                         "description",
                                                         "kvTags",
                                                         "tags",
                                                         "properties",
                                                         "keys",
                                                         "computeType",
                                                         "environmentImageRequest",
                                                         "location",
                                                         "computeName",
                                                         "overwrite",
                                                         "storageInitEnabled",
                                                         "imageId",
                                                         "isDefault",
                                                         "trafficPercentile",
                                                         "type",
                                                         "versionName",
                                                         "deploymentType",
                                                         "swaggerUri",
                                                         "scoringUri",
                                                         "modelConfigMap",
                                                         "tidegate"};

bool is_aks(std::string_view type) {
  return std::ranges::equal(type, std::string_view("aks"), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

void check_compute_type(ObjectReader& request, Complaints& complaints) {
  const Json* given = request.any("computeType");
  if (given == nullptr) return complaints.add("computeType", "is missing: \"AKS\"");
  auto type = request.text("computeType");
  if (!type || is_aks(*type)) return;
  complaints.add("computeType", fmt::format("{} is not offered yet; use AKS", *type));
}

std::vector<Asset> read_assets(ObjectReader& request, Complaints& complaints) {
  std::vector<Asset> assets;
  const Json* list = request.list("assets");
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    ObjectReader item((*list)[i], fmt::format("{}[{}]", request.place("assets"), i), complaints);
    Asset asset{.id = item.text("id").value_or(""),
                .mime_type = item.text("mimeType").value_or(""),
                .unpack = item.boolean("unpack").value_or(false)};
    item.also_known({"url", "name"});
    if (asset.id.empty())
      complaints.add(item.place("id"), "is missing: an asset that was uploaded");
    assets.push_back(std::move(asset));
  }
  return assets;
}

std::vector<ModelRef> read_models(ObjectReader& request, Complaints& complaints) {
  std::vector<ModelRef> models;
  for (const std::string& text : request.texts("modelIds")) {
    Result<ModelRef> model = parse_model_ref(text);
    if (!model) {
      complaints.add(request.place("modelIds"), model.error().message);
    } else if (std::ranges::find(models, *model) == models.end()) {
      models.push_back(std::move(*model));
    }
  }
  if (models.size() > kModelsPerServiceMax) {
    complaints.add(request.place("modelIds"), fmt::format("at most {} models per service, are {}",
                                                          kModelsPerServiceMax, models.size()));
  }
  return models;
}

// Models and nothing else: the script and its environment are ours, for exactly one model.
void check_one_model(ObjectReader& request, const Workload& workload, Complaints& complaints) {
  const Json* given = request.list("modelIds");
  bool has_none = given == nullptr || given->empty();  // those that are no ids were complained of
  if (!has_none && workload.models.size() <= 1) return;
  complaints.add(request.place("modelIds"), std::string(kNeedsOneModel));
}

// A client may say where it found each package line, so that an error of the build can name it.
void read_origins(ObjectReader& request, Environment& environment, Complaints& complaints) {
  const Json* extra = request.object("tidegate");
  if (extra == nullptr) return;
  ObjectReader members(*extra, request.place("tidegate"), complaints);
  for (auto& [line, origin] : members.text_map("origins")) environment.origins[line] = origin;
}

Json settings_json(const DeploymentSettings& settings) {
  auto or_null = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
  const Resources& resources = settings.resources;
  return Json{
      {"numReplicas", or_null(settings.num_replicas)},
      {"autoScaler",
       {{"autoscaleEnabled", settings.autoscaler.enabled},
        {"minReplicas", settings.autoscaler.min_replicas},
        {"maxReplicas", settings.autoscaler.max_replicas},
        {"refreshPeriodInSeconds", settings.autoscaler.refresh_period_s},
        {"targetUtilization", settings.autoscaler.target_utilization}}},
      {"containerResourceRequirements",
       {{"cpu", resources.cpu},
        {"cpuLimit", or_null(resources.cpu_limit)},
        {"memoryInGB", resources.memory_gb},
        {"memoryInGBLimit", or_null(resources.memory_gb_limit)},
        {"gpu", or_null(resources.gpu)}}},
      {"livenessProbeRequirements",
       {{"periodSeconds", settings.probe.period_s},
        {"initialDelaySeconds", settings.probe.initial_delay_s},
        {"timeoutSeconds", settings.probe.timeout_s},
        {"successThreshold", settings.probe.success_threshold},
        {"failureThreshold", settings.probe.failure_threshold}}},
      {"dataCollection",
       {{"eventHubEnabled", false}, {"storageEnabled", settings.collect_model_data}}},
      {"maxConcurrentRequestsPerContainer", settings.max_concurrent_per_container},
      {"maxQueueWaitMs", settings.max_queue_wait_ms},
      {"scoringTimeoutMs", settings.scoring_timeout_ms},
      {"authEnabled", settings.auth_enabled},
      {"aadAuthEnabled", settings.token_auth_enabled},
      {"appInsightsEnabled", settings.app_insights_enabled},
      {"namespace", settings.kubernetes_namespace.empty() ? Json(nullptr)
                                                          : Json(settings.kubernetes_namespace)}};
}

Json workload_json(const Workload& workload) {
  Json assets = Json::array();
  for (const Asset& asset : workload.assets) {
    assets.push_back({{"id", asset.id},
                      {"url", "aml://asset/" + asset.id},
                      {"mimeType", asset.mime_type},
                      {"unpack", asset.unpack}});
  }
  Json models = Json::array();
  for (const ModelRef& model : workload.models) models.push_back(model.id());
  return Json{{"driverProgram",
               workload.driver_program.empty() ? Json(nullptr) : Json(workload.driver_program)},
              {"assets", std::move(assets)},
              {"modelIds", std::move(models)},
              {"environment", workload.environment.raw}};
}

}  // namespace

Keys parse_keys(const Json& json, std::string_view where, Complaints& complaints) {
  ObjectReader reader(json, std::string(where), complaints);
  auto usable = [&](std::string_view name) {
    std::string key = reader.text(name).value_or("");
    bool printable = std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; });
    if (!printable || key.size() > 512) {
      complaints.add(reader.place(name), "must be 1 to 512 printable characters without spaces");
    }
    return Secret(std::move(key));
  };
  Keys keys{.primary = usable("primaryKey"), .secondary = usable("secondaryKey")};
  reader.warn_unknown();
  // As on the platform: a secondary key alone is not looked at.
  return keys.primary.empty() ? Keys{} : keys;
}

Workload read_workload(const Json& json, Complaints& complaints) {
  Workload workload;
  ObjectReader request(json, "environmentImageRequest", complaints);
  workload.driver_program = request.text("driverProgram").value_or("");
  workload.assets = read_assets(request, complaints);
  workload.models = read_models(request, complaints);
  const Json* environment = request.object("environment");
  bool has_models_alone = request.any("environment") == nullptr &&
                          workload.driver_program.empty() && workload.assets.empty();
  if (has_models_alone) {
    check_one_model(request, workload, complaints);
  } else if (environment != nullptr) {
    workload.environment =
        parse_environment(*environment, request.place("environment"), complaints);
    read_origins(request, workload.environment, complaints);
  } else if (request.any("environment") == nullptr) {
    complaints.add(request.place("environment"),
                   "is missing: the environment that the script runs in");
  }
  if (environment != nullptr && workload.driver_program.empty() &&
      !workload.environment.variables.contains("AZUREML_ENTRY_SCRIPT")) {
    complaints.add(
        request.place("driverProgram"),
        "no entry script: give driverProgram, or AZUREML_ENTRY_SCRIPT in the environment's "
        "variables");
  }
  request.also_known({"environmentReference", "modelSections"});
  request.warn_unknown();
  return workload;
}

ServiceSpec read_request_members(const Json& json, Complaints& complaints) {
  ServiceSpec spec;
  ObjectReader request(json, "", complaints);
  bool has_name = request.any("name") != nullptr;
  auto name = request.text("name");
  spec.name = name.value_or("");
  if (name || !has_name) check_service_name(spec.name, complaints);
  check_compute_type(request, complaints);
  spec.compute_name = request.text("computeName").value_or(std::string(kMachineCompute));
  spec.description = request.text("description").value_or("");
  spec.tags = request.text_map("kvTags");
  spec.properties = request.text_map("properties");
  if (const Json* keys = request.any("keys")) parse_keys(*keys, "keys", complaints);
  if (request.any("imageId") != nullptr) {
    complaints.add("imageId", "services from images are not offered yet; use an environment");
  }
  spec.settings = read_settings(json, Dialect::request, "", complaints);
  warn_unknown_settings(json, Dialect::request, "", kOtherKeys, complaints);
  return spec;
}

ServiceSpec parse_service_request(const Json& json, Complaints& complaints) {
  ServiceSpec spec = read_request_members(json, complaints);
  const Json* workload = find_member(json, "environmentImageRequest");
  if (workload == nullptr) {
    complaints.add("environmentImageRequest", "is missing: an inference config is needed");
  } else {
    spec.workload = read_workload(*workload, complaints);
  }
  return spec;
}

Json to_request(const ServiceSpec& spec) {
  Json request{{"name", spec.name},
               {"description", spec.description},
               {"kvTags", spec.tags},
               {"properties", spec.properties},
               {"computeType", spec.compute_type},
               {"computeName", spec.compute_name}};
  request.update(settings_json(spec.settings));
  request["environmentImageRequest"] = workload_json(spec.workload);
  return request;
}

}  // namespace tidegate::domain
