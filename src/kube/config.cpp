#include "kube/config.h"

#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "domain/yaml.h"
#include "os/base64.h"

namespace tidegate::kube {
namespace {

constexpr std::string_view kWhat = "kubeconfig";

std::unexpected<Error> wrong(std::string_view key, std::string_view problem) {
  return fail(Code::invalid, fmt::format("{}: {} {}", kWhat, key, problem));
}

// Names and tokens that look like numbers are meant as text.
std::string text_of(const Json& object, std::string_view key) {
  const Json* value = find_member(object, key);
  if (value == nullptr || value->is_structured()) return {};
  return value->is_string() ? value->get<std::string>() : to_text(*value);
}

std::string trimmed(std::string_view text) {
  auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

std::string names_in(const Json& root, std::string_view list) {
  std::vector<std::string> names;
  if (const Json* entries = find_member(root, list); entries != nullptr && entries->is_array()) {
    for (const Json& entry : *entries) names.push_back(text_of(entry, "name"));
  }
  return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
}

// The value of `clusters: [{name: NAME, cluster: VALUE}]` and its likes.
Result<Json> named(const Json& root, std::string_view list, std::string_view member,
                   const std::string& name, std::string_view named_by) {
  const Json* entries = find_member(root, list);
  if (entries != nullptr && entries->is_array()) {
    for (const Json& entry : *entries) {
      if (text_of(entry, "name") != name) continue;
      const Json* value = find_member(entry, member);
      if (value != nullptr && value->is_object()) return *value;
      return wrong(fmt::format("{}[{}].{}", list, name, member), "is missing");
    }
  }
  return wrong(named_by, fmt::format("names \"{}\", which is not among {} ({})", name, list,
                                     names_in(root, list)));
}

// "<key>-data" as base64, else the file "<key>"; empty: neither.
Result<std::string> blob(const Json& object, const std::string& place, const std::string& key,
                         const os::Path& folder) {
  if (std::string data = text_of(object, key + "-data"); !data.empty()) {
    auto bytes = os::from_base64(data);
    if (!bytes) return wrong(fmt::format("{}.{}-data", place, key), "is no base64");
    return *bytes;
  }
  std::string path = text_of(object, key);
  if (path.empty()) return std::string();
  auto text = os::read_file(folder / path);
  if (!text) return wrong(fmt::format("{}.{}:", place, key), text.error().message);
  return *text;
}

Result<> read_cluster(const Json& cluster, const std::string& place, const os::Path& folder,
                      Config& config) {
  config.server = text_of(cluster, "server");
  while (config.server.ends_with('/')) config.server.pop_back();
  if (config.server.empty()) return wrong(place + ".server", "is missing");
  if (!config.server.starts_with("https://") && !config.server.starts_with("http://")) {
    return wrong(place + ".server",
                 fmt::format("must begin with https://, not \"{}\"", config.server));
  }
  for (const char* key : {"proxy-url", "tls-server-name"}) {
    if (!text_of(cluster, key).empty()) {
      return wrong(fmt::format("{}.{}", place, key),
                   "is not supported; give a server address that works without it");
    }
  }
  if (const Json* insecure = find_member(cluster, "insecure-skip-tls-verify")) {
    if (!insecure->is_boolean()) {
      return wrong(place + ".insecure-skip-tls-verify", "must be true or false");
    }
    config.tls.is_verified = !insecure->get<bool>();
  }
  TIDEGATE_TRY(config.tls.ca, blob(cluster, place, "certificate-authority", folder));
  return {};
}

Result<> refuse_what_needs_a_program(const Json& user, const std::string& place) {
  static constexpr std::string_view kHint =
      "is not supported: it needs a program of yours. Make a service account for Tidegate and put "
      "its token there (kubectl create token, or a Secret of type "
      "kubernetes.io/service-account-token)";
  for (const char* key : {"exec", "auth-provider", "username", "as"}) {
    if (find_member(user, key) != nullptr) return wrong(fmt::format("{}.{}", place, key), kHint);
  }
  return {};
}

Result<> read_user(const Json& user, const std::string& place, const os::Path& folder,
                   Config& config) {
  TIDEGATE_TRY_VOID(refuse_what_needs_a_program(user, place));
  TIDEGATE_TRY(config.tls.certificate, blob(user, place, "client-certificate", folder));
  TIDEGATE_TRY(std::string key, blob(user, place, "client-key", folder));
  config.tls.key = Secret(std::move(key));
  if (config.tls.certificate.empty() != config.tls.key.empty()) {
    return wrong(fmt::format("{}.client-{}", place, config.tls.key.empty() ? "key" : "certificate"),
                 "is missing: certificate and key belong together");
  }
  config.token = Secret(trimmed(text_of(user, "token")));
  if (std::string path = text_of(user, "tokenFile"); !path.empty()) {
    config.token_file = folder / path;
    auto token = os::read_file(config.token_file);
    if (!token) return wrong(place + ".tokenFile:", token.error().message);
    config.token = Secret(trimmed(*token));
  }
  if (config.token.empty() && config.tls.certificate.empty()) {
    return wrong(place, "has neither token nor client-certificate: nobody would know us");
  }
  return {};
}

}  // namespace

Result<Config> parse_kubeconfig(std::string_view yaml, const os::Path& folder) {
  TIDEGATE_TRY(Json root, domain::parse_json_or_yaml(yaml, kWhat));
  std::string current = text_of(root, "current-context");
  if (current.empty()) {
    return wrong("current-context",
                 fmt::format("is missing; choose one of its contexts ({}) with `kubectl config "
                             "use-context NAME`",
                             names_in(root, "contexts")));
  }
  TIDEGATE_TRY(Json context, named(root, "contexts", "context", current, "current-context"));
  std::string place = fmt::format("contexts[{}].context", current);
  Config config;
  std::string cluster_name = text_of(context, "cluster");
  if (cluster_name.empty()) return wrong(place + ".cluster", "is missing");
  config.user = text_of(context, "user");
  if (config.user.empty()) return wrong(place + ".user", "is missing");
  config.namespace_ = text_of(context, "namespace");
  TIDEGATE_TRY(Json cluster, named(root, "clusters", "cluster", cluster_name, place + ".cluster"));
  TIDEGATE_TRY(Json user, named(root, "users", "user", config.user, place + ".user"));
  TIDEGATE_TRY_VOID(
      read_cluster(cluster, fmt::format("clusters[{}].cluster", cluster_name), folder, config));
  TIDEGATE_TRY_VOID(read_user(user, fmt::format("users[{}].user", config.user), folder, config));
  return config;
}

Secret to_kubeconfig(const Config& config) {
  Json cluster = {{"server", config.server}};
  if (!config.tls.ca.empty()) cluster["certificate-authority-data"] = os::base64(config.tls.ca);
  if (!config.tls.is_verified) cluster["insecure-skip-tls-verify"] = true;
  Json user = Json::object();
  if (!config.tls.certificate.empty()) {
    user["client-certificate-data"] = os::base64(config.tls.certificate);
    user["client-key-data"] = os::base64(config.tls.key.reveal());
  }
  // A file of a token stays a file: the one that is in it now does not live long.
  if (!config.token_file.empty()) {
    user["tokenFile"] = config.token_file.string();
  } else if (!config.token.empty()) {
    user["token"] = config.token.reveal();
  }
  std::string user_name = config.user.empty() ? "tidegate" : config.user;
  Json context = {{"cluster", "cluster"}, {"user", user_name}};
  if (!config.namespace_.empty()) context["namespace"] = config.namespace_;
  Json root = {{"apiVersion", "v1"}, {"kind", "Config"}};
  root["clusters"].push_back({{"name", "cluster"}, {"cluster", std::move(cluster)}});
  root["users"].push_back({{"name", user_name}, {"user", std::move(user)}});
  root["contexts"].push_back({{"name", "context"}, {"context", std::move(context)}});
  root["current-context"] = "context";
  return Secret(to_pretty_text(root));
}

Result<Config> in_cluster_config(const os::Path& mount) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || port == nullptr || *host == '\0' || *port == '\0') {
    return fail(Code::invalid,
                "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod "
                "of a cluster; give a kubeconfig instead");
  }
  Config config;
  bool is_ipv6 = std::string_view(host).find(':') != std::string_view::npos;
  config.server = is_ipv6 ? fmt::format("https://[{}]:{}", host, port)
                          : fmt::format("https://{}:{}", host, port);
  config.token_file = mount / "token";
  config.user = "the pod's service account";
  auto missing = [](const Error& error) {
    return fail_at("the pod's service account is not mounted (automountServiceAccountToken)",
                   error);
  };
  auto token = os::read_file(config.token_file);
  if (!token) return missing(token.error());
  auto ca = os::read_file(mount / "ca.crt");
  if (!ca) return missing(ca.error());
  auto name = os::read_file(mount / "namespace");
  if (!name) return missing(name.error());
  config.tls.ca = std::move(*ca);
  config.namespace_ = trimmed(*name);
  return config;
}

}  // namespace tidegate::kube
