#include "backend/kubernetes/attachment.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "backend/kubernetes/labels.h"
#include "backend/kubernetes/router_workload.h"
#include "base/json_path.h"
#include "os/base64.h"

namespace tidegate::backend::kubernetes {
namespace {

constexpr Milliseconds kReadyLimit{120'000};
constexpr Milliseconds kPause{500};

// The reason why a container does not run, "" if it does.
std::string container_trouble(const Json& container) {
  for (const char* state : {"waiting", "terminated"}) {
    const Json* found = find_at(container, {"state", state});
    if (found == nullptr) continue;
    std::string reason = text_or(*found, "reason", state);
    std::string message = text_or(*found, "message", "");
    if (reason == "ContainerCreating" || reason == "PodInitializing") continue;
    return message.empty() ? reason : reason + ": " + message;
  }
  return "";
}

std::string unscheduled(const Json& pod) {
  const Json* conditions = find_at(pod, {"status", "conditions"});
  if (conditions == nullptr) return "";
  for (const Json& one : *conditions) {
    bool is_it =
        text_or(one, "type", "") == "PodScheduled" && text_or(one, "status", "") == "False";
    if (is_it) return "no node takes it: " + text_or(one, "message", text_or(one, "reason", ""));
  }
  return "";
}

std::string in_url(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

// Of the Service's load balancer; empty: it has none yet.
std::string ingress_of(const Json& service) {
  const Json* all = find_at(service, {"status", "loadBalancer", "ingress"});
  if (all == nullptr || !all->is_array() || all->empty()) return "";
  std::string ip = text_or(all->front(), "ip", "");
  return ip.empty() ? text_or(all->front(), "hostname", "") : in_url(ip);
}

std::int64_t node_port_of(const Json& service) {
  const Json* ports = find_at(service, {"spec", "ports"});
  return ports == nullptr || ports->empty() ? 0 : number_at(ports->front(), {"nodePort"});
}

// The port of "http://host:port"; 0: it names none.
std::int64_t port_of(std::string_view base) {
  std::int64_t port = 0;
  std::string_view digits = base.substr(base.rfind(':') + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return port;
}

// The API server's words for a create in a namespace that is on its way out.
bool says_terminating(const Error& error) {
  return error.message.find("it is being terminated") != std::string::npos;
}

}  // namespace

std::string scoring_base_now(const std::string& known, const Json& service) {
  if (std::string host = ingress_of(service); !host.empty()) return "http://" + host;
  std::int64_t port = node_port_of(service);
  std::int64_t known_port = port_of(known);
  if (port == 0 || known_port == 0 || port == known_port) return known;
  return fmt::format("{}:{}", known.substr(0, known.rfind(':')), port);
}

std::string deletion_text(std::string_view kube_namespace) {
  return fmt::format("namespace {} is being deleted", kube_namespace);
}

std::optional<std::string> deletion_of(const Json& kube_namespace) {
  bool is_going = find_at(kube_namespace, {"metadata", "deletionTimestamp"}) != nullptr ||
                  text_at(kube_namespace, {"status", "phase"}) == "Terminating";
  if (!is_going) return std::nullopt;
  return deletion_text(text_at(kube_namespace, {"metadata", "name"}));
}

std::string attached_as_of(const Json& deployment) {
  return text_at(deployment, {"metadata", "annotations", kAttachedAs});
}

std::string router_trouble(const Json& pod) {
  std::string name = text_at(pod, {"metadata", "name"});
  std::string why = unscheduled(pod);
  const Json* containers = find_at(pod, {"status", "containerStatuses"});
  for (std::size_t i = 0; why.empty() && containers != nullptr && i < containers->size(); ++i) {
    why = container_trouble((*containers)[i]);
  }
  return why.empty() ? "" : fmt::format("pod {}: {}", name, why);
}

std::string address_of(const Json& node) {
  const Json* addresses = find_at(node, {"status", "addresses"});
  for (const char* type : {"ExternalIP", "InternalIP"}) {
    for (std::size_t i = 0; addresses != nullptr && i < addresses->size(); ++i) {
      if (text_or((*addresses)[i], "type", "") == type)
        return text_or((*addresses)[i], "address", "");
    }
  }
  return "";
}

Attachment::Attachment(domain::ClusterAttachment attachment, std::string attached_as, Seams seams)
    : attachment_(std::move(attachment)),
      attached_as_(std::move(attached_as)),
      seams_(std::move(seams)) {}

Result<Attachment::Installed> Attachment::install() {
  TIDEGATE_TRY_VOID(apply_namespace());
  TIDEGATE_TRY_VOID(apply_secrets());
  TIDEGATE_TRY_VOID(apply_routers([this](const Json& manifest) {
    seams_.on_line(fmt::format("applying {} {}", text_or(manifest, "kind", ""), kRouterName));
    return seams_.client.apply(manifest);
  }));
  TIDEGATE_TRY_VOID(wait_for_routers());
  TIDEGATE_TRY(std::string base, find_scoring_base());
  seams_.on_line(fmt::format("the routers are reached at {}", base));
  return Installed{.scoring_base = std::move(base), .link_token = attachment_.link_token};
}

Result<Attachment::Restored> Attachment::restore() {
  auto applied = [&]() -> Result<> {
    TIDEGATE_TRY_VOID(apply_namespace());
    TIDEGATE_TRY_VOID(apply_known_secrets());
    return apply_routers([this](const Json& manifest) { return apply_keeping_port(manifest); });
  };
  auto done = applied();
  if (done) return Restored::all;
  if (says_terminating(done.error())) return Restored::namespace_is_going;
  return std::unexpected(done.error());
}

Result<> Attachment::apply_routers(const std::function<Result<Json>(const Json& manifest)>& apply) {
  std::string account;
  for (Json& manifest : router_manifests(attachment_, attached_as_)) {
    std::string kind = text_or(manifest, "kind", "");
    if (kind == "Deployment" && !account.empty()) {
      manifest["spec"]["template"]["metadata"]["annotations"] = {
          {std::string(kOfAccount), account}};
    }
    TIDEGATE_TRY(Json applied, apply(manifest));
    if (kind == "ServiceAccount") account = text_at(applied, {"metadata", "uid"});
  }
  return {};
}

// So that scoring URIs stay as they are.
Result<Json> Attachment::apply_keeping_port(const Json& manifest) {
  std::int64_t port = port_of(attachment_.scoring_base);
  bool has_port = text_or(manifest, "kind", "") == "Service" &&
                  attachment_.service_type == "NodePort" && port != 0;
  if (has_port) {
    Json with_port = manifest;
    with_port["spec"]["ports"][0]["nodePort"] = port;
    auto applied = seams_.client.apply(with_port);
    if (applied) return applied;
    // Somebody else has the port now: another one will do.
    if (applied.error().code != Code::invalid) return std::unexpected(applied.error());
  }
  return seams_.client.apply(manifest);
}

// What is there stays as it is: it is somebody's, and only what attach made is removed by detach.
Result<> Attachment::apply_namespace() {
  const std::string& name = attachment_.kube_namespace;
  auto found = seams_.client.get(kube::kNamespace, {.name = name});
  // Whoever may not see namespaces has been given one.
  bool is_there = found || found.error().code == Code::forbidden;
  if (is_there) return {};
  if (found.error().code != Code::not_found) return std::unexpected(found.error());
  seams_.on_line(fmt::format("making namespace {}", name));
  TIDEGATE_TRY([[maybe_unused]] Json applied, seams_.client.apply(namespace_manifest(attachment_)));
  return {};
}

Result<> Attachment::apply_secrets() {
  const std::string& space = attachment_.kube_namespace;
  auto old =
      seams_.client.get(kube::kSecret, {.namespace_ = space, .name = std::string(kRouterSecret)});
  if (!old && old.error().code != Code::not_found) return std::unexpected(old.error());
  std::string token =
      old ? os::from_base64(text_at(*old, {"data", kLinkTokenKey})).value_or("") : "";
  if (!token.empty()) attachment_.link_token = Secret(std::move(token));
  seams_.on_line("applying the Secrets of the routers");
  return apply_known_secrets();
}

Result<> Attachment::apply_known_secrets() {
  for (const Json& manifest : secret_manifests(attachment_)) {
    TIDEGATE_TRY([[maybe_unused]] Json applied, seams_.client.apply(manifest));
  }
  return apply_first_table();
}

Result<> Attachment::apply_first_table() {
  auto table = seams_.client.get(
      kube::kSecret, {.namespace_ = attachment_.kube_namespace, .name = std::string(kTableSecret)});
  if (table) return {};
  if (table.error().code != Code::not_found) return std::unexpected(table.error());
  TIDEGATE_TRY([[maybe_unused]] Json applied,
               seams_.client.apply(table_manifest(attachment_, seams_.first_table)));
  return {};
}

Result<> Attachment::wait_for_routers() {
  const MonoTime begin = seams_.clock.mono();
  std::string said;
  auto say = [&](std::string line) {
    if (line != said) seams_.on_line(line);
    said = std::move(line);
  };
  for (;;) {
    auto found = seams_.client.get(kube::kDeployment, {.namespace_ = attachment_.kube_namespace,
                                                       .name = std::string(kRouterName)});
    long ready = 0;
    if (found) {
      bool is_seen = number_at(*found, {"status", "observedGeneration"}) >=
                     number_at(*found, {"metadata", "generation"});
      ready = std::min(number_at(*found, {"status", "readyReplicas"}),
                       number_at(*found, {"status", "updatedReplicas"}));
      if (is_seen && ready >= router_count(attachment_)) return {};
    } else if (found.error().code != Code::unavailable && found.error().code != Code::timed_out) {
      return std::unexpected(found.error());
    }
    std::string why = found ? trouble() : found.error().message;
    say(fmt::format("{} of {} routers are ready{}", ready, router_count(attachment_),
                    why.empty() ? "" : "; " + why));
    if (seams_.clock.mono() - begin >= kReadyLimit) {
      return fail(Code::timed_out,
                  fmt::format("the routers in namespace {} are not ready after {} s: {}",
                              attachment_.kube_namespace, kReadyLimit.count() / 1000, said));
    }
    seams_.sleep(kPause);
  }
}

std::string Attachment::trouble() {
  auto pods = seams_.client.list(kube::kPod, {.namespace_ = attachment_.kube_namespace,
                                              .selector = std::string(kRouterSelector)});
  if (!pods) return "";
  for (const Json& pod : pods->items) {
    if (std::string why = router_trouble(pod); !why.empty()) return why;
  }
  // They run and are not ready: what they say themselves.
  for (const Json& pod : pods->items) {
    std::string name = text_at(pod, {"metadata", "name"});
    auto last = seams_.client.pod_log({.namespace_ = attachment_.kube_namespace, .name = name},
                                      "router", 1, /*previous=*/false);
    if (last && !last->empty()) return fmt::format("pod {} says: {}", name, *last);
  }
  return "";
}

Result<std::string> Attachment::find_scoring_base() {
  const MonoTime begin = seams_.clock.mono();
  bool is_balanced = attachment_.service_type == "LoadBalancer";
  for (;;) {
    TIDEGATE_TRY(Json service,
                 seams_.client.get(kube::kService, {.namespace_ = attachment_.kube_namespace,
                                                    .name = std::string(kRouterName)}));
    if (!is_balanced) {
      std::int64_t port = node_port_of(service);
      if (port == 0) return fail(Code::internal, "the Service tidegate-router got no nodePort");
      TIDEGATE_TRY(std::string host, node_address());
      return fmt::format("http://{}:{}", in_url(host), port);
    }
    if (std::string host = ingress_of(service); !host.empty()) return "http://" + host;
    if (seams_.clock.mono() - begin >= kReadyLimit) {
      return fail(Code::timed_out,
                  fmt::format("the Service {} in namespace {} got no address from a load balancer "
                              "in {} s; does the cluster have one? NodePort needs none",
                              kRouterName, attachment_.kube_namespace, kReadyLimit.count() / 1000));
    }
    seams_.sleep(kPause);
  }
}

Result<std::string> Attachment::node_address() {
  TIDEGATE_TRY(auto nodes, seams_.client.list(kube::kNode, {}));
  for (const Json& node : nodes.items) {
    std::string address = is_schedulable(node) ? address_of(node) : "";
    if (!address.empty()) return address;
  }
  return fail(Code::unavailable,
              "no node that is ready has an ExternalIP or InternalIP; LoadBalancer needs none");
}

}  // namespace tidegate::backend::kubernetes
