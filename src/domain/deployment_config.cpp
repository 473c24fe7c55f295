#include "domain/deployment_config.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "domain/object_reader.h"
#include "domain/settings.h"

namespace tidegate::domain {
namespace {

// Keys of the platform that are no settings of an AKS service. Those of ACI and local files are
// here too: such a file is refused for its computeType, not for its keys.
constexpr std::array<std::string_view, 18> kOtherKeys = {
    "computeType",  "keys",         "computeTargetName", "versionName", "trafficPercentile",
    "location",     "sslEnabled",   "sslCertificate",    "sslKey",      "cname",
    "dnsNameLabel", "vaultBaseUrl", "keyName",           "keyVersion",  "vnetName",
    "subnetName",   "port",         "isDefault"};

void check_compute_type(const std::optional<std::string>& type, const std::string& place,
                        bool was_wrong_type, Complaints& complaints) {
  if (!type) {
    if (!was_wrong_type) complaints.add(place, "is missing: write \"computeType\": \"AKS\"");
    return;
  }
  std::string known = lower_case(*type);
  if (known == "aks") return;
  if (known == "aksendpoint") {
    return complaints.add(place,
                          "AKSENDPOINT (several versions behind one endpoint) is not offered yet; "
                          "use AKS");
  }
  if (known == "aci" || known == "local") {
    return complaints.add(
        place, fmt::format("{} is not offered yet; use AKS: it runs on this machine too", *type));
  }
  complaints.add(place, fmt::format("unknown deployment type: {}; use AKS", *type));
}

void check_endpoint_keys(ObjectReader& reader, std::string_view where, Complaints& complaints) {
  for (std::string_view key : {"versionName", "trafficPercentile"}) {
    if (reader.any(key) == nullptr) continue;
    complaints.warn(place_of(where, key), "has a meaning for AKSENDPOINT only, ignored");
  }
}

// Keys are for the router's eyes: anything that fits into a header.
void read_keys(const Json& config, std::string_view where, Json& request, Complaints& complaints) {
  const Json* keys = find_member(config, "keys");
  if (keys == nullptr) return;
  parse_keys(*keys, place_of(where, "keys"), complaints);
  request["keys"] = *keys;
}

}  // namespace

DeploymentConfig parse_deployment_config(const Json& config, std::string_view where,
                                         Complaints& complaints) {
  DeploymentConfig out;
  ObjectReader reader(config, std::string(where), complaints);
  auto type = reader.text("computeType");
  check_compute_type(type, reader.place("computeType"), reader.any("computeType") != nullptr,
                     complaints);
  out.compute_target_name = reader.text("computeTargetName").value_or("");
  check_endpoint_keys(reader, where, complaints);
  out.settings = read_settings(config, Dialect::file, where, complaints);
  for (const Setting& setting : all_settings()) {
    const Json* value = find_path(config, setting.file_path);
    if (value != nullptr) at_path(out.request, setting.request_path) = *value;
  }
  read_keys(config, where, out.request, complaints);
  warn_unknown_settings(config, Dialect::file, where, kOtherKeys, complaints);
  return out;
}

}  // namespace tidegate::domain
