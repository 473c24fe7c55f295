#include "control/rest/service_json.h"

#include <algorithm>

#include <fmt/format.h>

#include "control/deploy/service_request.h"
#include "control/model_data.h"
#include "control/rest/model_json.h"
#include "control/targets.h"
#include "store/computes.h"
#include "store/models.h"
#include "store/versions.h"

namespace tidegate::control {
namespace {

using domain::Service;
using domain::ServiceSpec;

constexpr std::chrono::hours kFailedShownFor{24};

std::string_view phase_name(backend::ReplicaPhase phase) {
  switch (phase) {
    case backend::ReplicaPhase::starting:
      return "starting";
    case backend::ReplicaPhase::ready:
      return "ready";
    case backend::ReplicaPhase::stopping:
      return "stopping";
    case backend::ReplicaPhase::exited:
      return "exited";
  }
  return "exited";
}

bool is_of(const backend::Replica& replica, const std::string& service_id) {
  return replica.version_id.starts_with(service_id + ".");
}

Json replicas_json(const Context& context, const std::string& service_id) {
  Json replicas = Json::array();
  for (const backend::Replica& replica : context.memory.last_seen) {
    if (!is_of(replica, service_id)) continue;
    replicas.push_back({{"id", replica.id},
                        {"phase", phase_name(replica.phase)},
                        {"pid", replica.pid},
                        {"node", replica.node},
                        {"address", replica.address},
                        {"exit", replica.exit ? Json(replica.exit->text()) : Json(nullptr)}});
  }
  return replicas;
}

Json models_json(Context& context, const ServiceSpec& spec) {
  Json models = Json::array();
  for (const domain::ModelRef& ref : spec.workload.models) {
    auto model = store::find_model(*context.store.db, spec.workspace, ref);
    if (model && *model) models.push_back(model_json(**model));
  }
  return models;
}

Json error_or_null(const std::string& text) {
  auto error = parse_json(text, "error");
  return error ? *error : Json(nullptr);
}

// What serves; for a service that is still being created, what is to serve.
Result<std::optional<store::Version>> shown_version(Context& context, const Service& service) {
  TIDEGATE_TRY(auto versions, store::list_versions_of(*context.store.db, service.id));
  auto current = std::ranges::find(versions, store::VersionPhase::current, &store::Version::phase);
  if (current != versions.end()) return std::optional(*current);
  if (versions.empty()) return std::nullopt;
  return std::optional(versions.back());
}

std::string curl_line(Context& context, const ServiceSpec& spec) {
  std::string key = spec.settings.auth_enabled ? "-H 'Authorization: Bearer <key>' " : "";
  return fmt::format("curl {}{} -d '{{\"data\": ...}}'", key, scoring_uri(context, spec));
}

Json deployment_status(const Context& context, const Service& service) {
  auto ready = std::ranges::count_if(context.memory.last_seen, [&](const auto& replica) {
    return is_of(replica, service.id) && replica.phase == backend::ReplicaPhase::ready;
  });
  return Json{{"desiredReplicas", service.spec.settings.replicas()},
              {"updatedReplicas", ready},
              {"availableReplicas", ready},
              {"error", nullptr}};
}

Json common_json(Context& context, const Service& service) {
  const ServiceSpec& spec = service.spec;
  Json json = domain::to_request(spec);
  json["state"] = domain::state_name(service.state);
  json["error"] = error_or_null(service.error);
  json["createdTime"] = format_iso(service.created);
  json["updatedTime"] = format_iso(service.updated);
  json["createdBy"] = {{"userObjectId", ""}, {"userTenantId", ""}, {"userName", "tidegate"}};
  json["operationId"] = service.operation_id;
  json["deploymentType"] = nullptr;
  json["imageId"] = nullptr;
  json["imageDigest"] = nullptr;
  json["scoringUri"] = scoring_uri(context, spec);
  json["swaggerUri"] = nullptr;
  json["location"] = "local";
  json["models"] = models_json(context, spec);
  json["environmentDetails"] = spec.workload.environment.raw;
  return json;
}

bool is_shown(const Context& context, const store::StoredOperation& creation) {
  const domain::Operation& operation = creation.operation;
  bool is_old = context.clock.wall() - operation.ended > kFailedShownFor;
  return operation.state == domain::OperationState::failed && !is_old && !operation.request.empty();
}

}  // namespace

std::string scoring_uri(Context& context, const domain::ServiceSpec& spec) {
  std::string base = context.options.scoring_base;
  auto row = store::find_compute(*context.store.db, spec.workspace, spec.compute_name);
  if (row && *row && (*row)->cluster) base = (*row)->cluster->scoring_base;
  return fmt::format("{}/api/v1/service/{}/score", base, spec.name);
}

Result<Json> service_json(Context& context, const store::StoredService& stored) {
  const Service& service = stored.service;
  TIDEGATE_TRY(auto version, shown_version(context, service));
  const Context& target = context_for(context, service.spec);
  Json json = common_json(context, service);
  // The image of the platform's "azureml/azureml_<hash>"; processes have none.
  if (version && !version->image.empty()) {
    json["imageId"] = version->image;
    json["imageDigest"] = version->image.substr(version->image.find('@') + 1);
  }
  json["deploymentStatus"] = deployment_status(target, service);
  json["tidegate"] = {{"generation", std::max(service.generation, 1)},
                      {"isolation", target.memory.isolation},
                      {"computeKind", target.backend.keeps_count() ? "kubernetes" : "process"},
                      {"image", version ? version->image : ""},
                      {"interpreter", version ? version->interpreter : ""},
                      {"environmentHash", version ? version->environment_hash : ""},
                      {"environmentFoundIn", version ? version->found_in : ""},
                      {"replicas", replicas_json(target, service.id)},
                      {"auth", service.spec.settings.auth_enabled ? "key" : "none"},
                      {"modelData", model_data_folder(context, service.spec)},
                      {"curl", curl_line(context, service.spec)}};
  return json;
}

Result<domain::Service> failed_service(const store::StoredOperation& operation) {
  TIDEGATE_TRY(Json body, parse_json(operation.operation.request, "stored request"));
  domain::Complaints told_then;
  Service service;
  service.spec = read_service_request(body, operation.operation.workspace, {}, told_then).spec;
  service.state = domain::ServiceState::failed;
  service.error = operation.operation.error;
  service.operation_id = operation.operation.id;
  service.created = operation.operation.created;
  service.updated = operation.operation.ended;
  return service;
}

Result<Json> failed_service_json(Context& context, const store::StoredOperation& operation) {
  TIDEGATE_TRY(Service service, failed_service(operation));
  Json json = common_json(context, service);
  json["deploymentStatus"] = {{"desiredReplicas", service.spec.settings.replicas()},
                              {"updatedReplicas", 0},
                              {"availableReplicas", 0},
                              {"error", json["error"]}};
  json["tidegate"] = {{"generation", 0},
                      {"isolation", context_for(context, service.spec).memory.isolation},
                      {"computeKind", ""},
                      {"image", ""},
                      {"interpreter", ""},
                      {"environmentHash", ""},
                      {"environmentFoundIn", ""},
                      {"replicas", Json::array()},
                      {"auth", service.spec.settings.auth_enabled ? "key" : "none"},
                      {"modelData", model_data_folder(context, service.spec)},
                      {"curl", ""}};
  return json;
}

Result<std::optional<store::StoredOperation>> find_failed_creation(Context& context,
                                                                   std::string_view workspace,
                                                                   std::string_view name) {
  TIDEGATE_TRY(auto found,
               store::find_newest_operation(*context.store.db, workspace, name, "CreateService"));
  if (!found || !is_shown(context, *found)) return std::nullopt;
  return found;
}

Result<std::vector<store::StoredOperation>> list_failed_creations(Context& context,
                                                                  std::string_view workspace) {
  TIDEGATE_TRY(auto all,
               store::list_newest_operations(*context.store.db, workspace, "CreateService"));
  std::erase_if(all, [&](const store::StoredOperation& one) { return !is_shown(context, one); });
  return all;
}

}  // namespace tidegate::control
