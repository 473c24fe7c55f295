#include "control/rest/cluster_request.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "domain/object_reader.h"
#include "domain/yaml.h"
#include "http/head.h"
#include "kube/config.h"

namespace tidegate::control {
namespace {

constexpr int kGigabytesMax = 1'000'000;
constexpr std::string_view kWhere = "properties.tidegate";

// A file of the user's machine is no file of ours: what a kubeconfig refers to has to be in it.
std::string_view file_key(const Json& value) {
  constexpr std::array<std::string_view, 4> kFileKeys = {
      "certificate-authority", "client-certificate", "client-key", "tokenFile"};
  if (!value.is_structured()) return "";
  if (value.is_object()) {
    for (std::string_view key : kFileKeys) {
      if (find_member(value, key) != nullptr) return key;
    }
  }
  for (const Json& member : value) {
    if (std::string_view key = file_key(member); !key.empty()) return key;
  }
  return "";
}

Secret read_kubeconfig(const std::string& text, domain::Complaints& complaints) {
  const std::string place = domain::place_of(kWhere, "kubeconfig");
  auto parsed = domain::parse_yaml(text, "kubeconfig");
  if (!parsed) {
    complaints.add(place, parsed.error().message);
    return {};
  }
  if (std::string_view key = file_key(parsed->json); !key.empty()) {
    complaints.add(place,
                   fmt::format("{} names a file; put its content there as {}-data, as `kubectl "
                               "config view --raw --flatten --minify` does",
                               key, key));
    return {};
  }
  auto config = kube::parse_kubeconfig(text, "/");
  if (!config) {
    complaints.add(place, config.error().message);
    return {};
  }
  return kube::to_kubeconfig(*config);
}

domain::RegistryAccess read_registry(const Json* json, const std::string& where,
                                     domain::Complaints& complaints) {
  domain::RegistryAccess out;
  if (json == nullptr) return out;
  domain::ObjectReader reader(*json, where, complaints);
  out.address = reader.text("address").value_or("");
  out.is_plain_http = reader.boolean("plainHttp").value_or(false);
  out.user = reader.text("user").value_or("");
  out.password = Secret(reader.text("password").value_or(""));
  reader.warn_unknown();
  while (out.address.ends_with('/')) out.address.pop_back();
  if (out.address.find("://") != std::string::npos) {
    complaints.add(
        reader.place("address"),
        fmt::format("must be HOST[:PORT][/PATH] without a scheme, is \"{}\"", out.address));
  }
  if (out.user.empty() && !out.password.empty()) {
    complaints.add(reader.place("user"), "is missing, though there is a password");
  }
  return out;
}

// RFC 1123: what a namespace may be called.
bool is_namespace_name(std::string_view name) {
  auto is_inner = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, is_inner) &&
         name.front() != '-' && name.back() != '-';
}

// The same, of a claim: such names with dots in between.
bool is_claim_name(std::string_view name) {
  if (name.size() > 253) return false;
  for (;;) {
    auto dot = name.find('.');
    if (!is_namespace_name(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

int read_gigabytes(const std::string& text, const std::string& where,
                   domain::Complaints& complaints) {
  int number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && number >= 0 && number <= kGigabytesMax) return number;
  complaints.add(where, fmt::format("must be a whole number of GB, is \"{}\"", text));
  return 0;
}

domain::ClusterPurpose read_purpose(const Json& properties, domain::Complaints& complaints) {
  const Json* inner = find_member(properties, "properties");
  std::string purpose =
      inner == nullptr || !inner->is_object() ? "" : text_or(*inner, "clusterPurpose", "");
  if (purpose == "DevTest") return domain::ClusterPurpose::dev_test;
  bool is_known = purpose.empty() || purpose == "FastProd" || purpose == "DenseProd";
  if (!is_known) {
    complaints.add("properties.properties.clusterPurpose",
                   fmt::format("must be FastProd or DevTest, is \"{}\"", purpose));
  }
  return domain::ClusterPurpose::fast_prod;
}

}  // namespace

bool wants_cluster(const Json& body) {
  const Json* properties = find_member(body, "properties");
  if (properties == nullptr || !properties->is_object()) return false;
  return find_member(*properties, "tidegate") != nullptr ||
         http::equal_names(text_or(*properties, "computeType", ""), "kubernetes");
}

ClusterRequest read_cluster_request(const Json& body, std::string_view workspace,
                                    std::string_view version, domain::Complaints& complaints) {
  static const Json kNothing = Json::object();
  ClusterRequest out;
  domain::ClusterAttachment& to = out.attachment;
  const Json& properties = *find_member(body, "properties");
  out.description = text_or(properties, "description", "");
  to.purpose = read_purpose(properties, complaints);
  const Json* given = find_member(properties, "tidegate");
  domain::ObjectReader reader(given == nullptr ? kNothing : *given, std::string(kWhere),
                              complaints);
  out.dry_run = reader.boolean("dryRun").value_or(false);
  auto kubeconfig = reader.text("kubeconfig");
  if (kubeconfig) to.kubeconfig = read_kubeconfig(*kubeconfig, complaints);
  if (!kubeconfig && !out.dry_run) {
    complaints.add(reader.place("kubeconfig"), "is missing: the text of a kubeconfig");
  }
  to.kube_namespace = reader.text("namespace").value_or(fmt::format("azureml-{}", workspace));
  if (!is_namespace_name(to.kube_namespace)) {
    complaints.add(reader.place("namespace"),
                   fmt::format("must be at most 63 lower-case letters, digits and -, is \"{}\"",
                               to.kube_namespace));
  }
  to.service_type = reader.text("serviceType").value_or(to.service_type);
  if (to.service_type != "NodePort" && to.service_type != "LoadBalancer") {
    complaints.add(reader.place("serviceType"),
                   fmt::format("must be NodePort or LoadBalancer, is \"{}\"", to.service_type));
  }
  to.registry = read_registry(reader.object("registry"), reader.place("registry"), complaints);
  if (to.registry.address.empty()) {
    complaints.add(reader.place("registry.address"),
                   "is missing: a registry that this server and the nodes reach");
  }
  to.global_registry =
      read_registry(reader.object("globalRegistry"), reader.place("globalRegistry"), complaints);
  to.agent_image = reader.text("agentImage")
                       .value_or(fmt::format("{}/tidegate/agent:{}", to.registry.address, version));
  to.default_base_image = reader.text("defaultBaseImage").value_or("");
  if (auto text = reader.text_or_number("nodeCacheGb")) {
    to.node_cache_gb = read_gigabytes(*text, reader.place("nodeCacheGb"), complaints);
  }
  to.model_data_claim = reader.text("modelDataClaim").value_or("");
  if (!to.model_data_claim.empty() && !is_claim_name(to.model_data_claim)) {
    complaints.add(reader.place("modelDataClaim"),
                   fmt::format("must be the name of a PersistentVolumeClaim of the namespace "
                               "(lower-case letters, digits, - and .), is \"{}\"",
                               to.model_data_claim));
  }
  reader.warn_unknown();
  return out;
}

}  // namespace tidegate::control
