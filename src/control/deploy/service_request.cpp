#include "control/deploy/service_request.h"

namespace tidegate::control {
namespace {

constexpr std::string_view kAssetUrl = "aml://asset/";

bool is_true(const Json& object, std::string_view name) {
  const Json* value = find_member(object, name);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

}  // namespace

std::string asset_id_of_url(std::string_view url) {
  if (url.starts_with(kAssetUrl)) url.remove_prefix(kAssetUrl.size());
  return std::string(url);
}

void use_real_asset_ids(Json& image_request) {
  if (!image_request.is_object()) return;
  std::string driver = text_or(image_request, "driverProgram", "");
  auto assets = image_request.find("assets");
  if (assets != image_request.end() && assets->is_array()) {
    for (Json& asset : *assets) {
      std::string url = asset.is_object() ? text_or(asset, "url", "") : "";
      if (!url.starts_with(kAssetUrl)) continue;
      std::string id = asset_id_of_url(url);
      if (!driver.empty() && text_or(asset, "id", "") == driver) {
        image_request["driverProgram"] = id;
      }
      asset["id"] = id;
    }
  }
  if (driver.starts_with(kAssetUrl)) image_request["driverProgram"] = asset_id_of_url(driver);
}

ServiceRequest read_service_request(const Json& body, std::string_view workspace,
                                    const DeployOptions& options, domain::Complaints& complaints) {
  ServiceRequest request;
  request.options = options;
  request.record = body;
  if (request.record.is_object() && request.record.contains("environmentImageRequest")) {
    use_real_asset_ids(request.record["environmentImageRequest"]);
  }
  request.spec = domain::parse_service_request(request.record, complaints);
  request.spec.workspace = std::string(workspace);
  if (const Json* keys = find_member(body, "keys")) {
    domain::Complaints told_above;
    request.keys = domain::parse_keys(*keys, "keys", told_above);
  }
  request.overwrite = is_true(body, "overwrite");
  if (request.record.is_object()) request.record.erase("keys");
  return request;
}

}  // namespace tidegate::control
