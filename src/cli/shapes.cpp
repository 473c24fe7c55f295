#include "cli/shapes.h"

#include "cli/api.h"

namespace tidegate::cli {
namespace {

// What is absent, null or empty is printed as "".
Json or_empty(const Json& object, std::string_view name) {
  const Json* member = find_member(object, name);
  if (member == nullptr || (member->is_object() && member->empty())) return "";
  return *member;
}

Json tags_of(const Json& object) {
  const Json* tags = find_member(object, "kvTags");
  return tags != nullptr ? or_empty(object, "kvTags") : or_empty(object, "tags");
}

Json nested(const Json& object, std::string_view outer, std::string_view inner) {
  const Json* member = find_member(object, outer);
  return member == nullptr ? Json("") : or_empty(*member, inner);
}

Json environment_of(const Json& service) {
  const Json* details = find_member(service, "environmentDetails");
  return details != nullptr ? *details : nested(service, "environmentImageRequest", "environment");
}

Json replicas_of(const Json& service) {
  int ready = 0;
  if (const Json* tidegate = find_member(service, "tidegate")) {
    const Json* replicas = find_member(*tidegate, "replicas");
    for (std::size_t i = 0; replicas != nullptr && replicas->is_array() && i < replicas->size();
         ++i) {
      if (text_or((*replicas)[i], "phase", "") == "ready") ++ready;
    }
  }
  const Json* wanted = find_member(service, "numReplicas");
  if (wanted == nullptr) {
    const Json* scaler = find_member(service, "autoScaler");
    wanted = scaler == nullptr ? nullptr : find_member(*scaler, "minReplicas");
  }
  return Json{{"ready", ready}, {"wanted", wanted == nullptr ? Json(1) : *wanted}};
}

}  // namespace

Json short_model(const Json& model) {
  return Json{{"name", or_empty(model, "name")},
              {"id", or_empty(model, "id")},
              {"version", or_empty(model, "version")},
              {"framework", or_empty(model, "framework")},
              {"frameworkVersion", or_empty(model, "frameworkVersion")},
              {"createdTime", or_empty(model, "createdTime")},
              {"tags", tags_of(model)},
              {"properties", or_empty(model, "properties")},
              {"description", or_empty(model, "description")},
              {"experimentName", or_empty(model, "experimentName")},
              {"runId", or_empty(model, "runId")},
              {"cpu", nested(model, "resourceRequirements", "cpu")},
              {"memoryInGB", nested(model, "resourceRequirements", "memoryInGB")},
              {"gpu", nested(model, "resourceRequirements", "gpu")},
              {"sampleInputDatasetId", or_empty(model, "sampleInputData")},
              {"sampleOutputDatasetId", or_empty(model, "sampleOutputData")}};
}

Json model_row(const Json& model) {
  Json row;
  for (const char* name :
       {"name", "id", "version", "framework", "frameworkVersion", "createdTime"}) {
    row[name] = or_empty(model, name);
  }
  return row;
}

Json short_service(const Json& service) {
  Json out{{"name", or_empty(service, "name")},
           {"imageId", or_empty(service, "imageId")},
           {"updatedAt", or_empty(service, "updatedTime")},
           {"computeType", or_empty(service, "computeType")},
           {"scoringUri", or_empty(service, "scoringUri")},
           {"state", or_empty(service, "state")},
           {"tags", tags_of(service)},
           {"properties", or_empty(service, "properties")},
           {"environmentDetails", environment_of(service)},
           {"authEnabled", or_empty(service, "authEnabled")},
           {"replicas", replicas_of(service)},
           {"isolation", nested(service, "tidegate", "isolation")},
           {"modelData", nested(service, "tidegate", "modelData")}};
  const Json* error = find_member(service, "error");
  out["error"] = error == nullptr ? "" : message_of(*error);
  return out;
}

Json short_compute(const Json& compute) {
  return Json{{"name", or_empty(compute, "name")},
              {"provisioningState", nested(compute, "properties", "provisioningState")},
              {"location", or_empty(compute, "location")},
              {"provisioningErrors", nested(compute, "properties", "provisioningErrors")}};
}

Json compute_row(const Json& compute) {
  Json row = short_compute(compute);
  const Json* properties = find_member(compute, "properties");
  row["kind"] = properties == nullptr ? Json("") : nested(*properties, "tidegate", "kind");
  return row;
}

Json full_compute(const Json& compute) {
  return Json{{"id", or_empty(compute, "id")},
              {"name", or_empty(compute, "name")},
              {"tags", or_empty(compute, "tags")},
              {"location", or_empty(compute, "location")},
              {"properties", or_empty(compute, "properties")}};
}

}  // namespace tidegate::cli
