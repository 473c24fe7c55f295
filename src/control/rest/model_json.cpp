#include "control/rest/model_json.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/deploy/service_request.h"
#include "domain/names.h"
#include "domain/object_reader.h"

namespace tidegate::control {
namespace {

const std::vector<std::string_view> kFrameworks = {
    "Custom", "TensorFlow", "ScikitLearn", "Onnx", "TfKeras", "PyTorch", "Multi", "XGBoost"};

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json files_json(const domain::Model& model) {
  Json files = Json::array();
  for (const domain::ModelFile& file : model.files) {
    files.push_back({{"path", file.path}, {"size", file.size}, {"sha256", file.sha256}});
  }
  return files;
}

void check_framework(const domain::Model& model, domain::Complaints& complaints) {
  if (model.framework.empty()) {
    if (!model.framework_version.empty()) {
      complaints.add("frameworkVersion",
                     "Model framework version cannot be provided without a valid framework");
    }
    return;
  }
  if (std::ranges::find(kFrameworks, model.framework) != kFrameworks.end()) return;
  std::string_view near = domain::suggest(model.framework, kFrameworks);
  complaints.add("framework",
                 near.empty()
                     ? fmt::format("must be one of {}", fmt::join(kFrameworks, ", "))
                     : fmt::format("\"{}\" is unknown; did you mean {}?", model.framework, near));
}

}  // namespace

Json model_json(const domain::Model& model) {
  return Json{{"id", model.id()},
              {"name", model.name},
              {"version", model.version},
              {"kvTags", model.tags},
              {"properties", model.properties},
              {"description", text_or_null(model.description)},
              {"framework", text_or_null(model.framework)},
              {"frameworkVersion", text_or_null(model.framework_version)},
              {"url", "aml://asset/" + model.asset_id},
              {"mimeType", "application/json"},
              {"unpack", false},
              {"createdTime", format_iso(model.created)},
              {"createdBy", {{"userObjectId", ""}, {"userTenantId", ""}, {"userName", "tidegate"}}},
              {"experimentName", nullptr},
              {"runId", nullptr},
              {"datasets", Json::array()},
              {"parentModelId", nullptr},
              {"derivedModelIds", Json::array()},
              {"resourceRequirements", nullptr},
              {"sampleInputData", nullptr},
              {"sampleOutputData", nullptr},
              {"tidegate", {{"files", files_json(model)}}}};
}

domain::Model read_model(const Json& body, domain::Complaints& complaints) {
  domain::ObjectReader reader(body, "", complaints);
  domain::Model model;
  model.name = reader.text("name").value_or("");
  domain::check_model_name(model.name, complaints);
  model.tags = reader.text_map("kvTags");
  model.properties = reader.text_map("properties");
  model.description = reader.text("description").value_or("");
  model.framework = reader.text("framework").value_or("");
  model.framework_version = reader.text_or_number("frameworkVersion").value_or("");
  check_framework(model, complaints);
  model.asset_id = asset_id_of_url(reader.text("url").value_or(""));
  if (model.asset_id.empty()) {
    complaints.add("url", "is missing: aml://asset/<id of an asset that was uploaded>");
  }
  return model;
}

}  // namespace tidegate::control
