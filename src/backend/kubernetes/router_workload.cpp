#include "backend/kubernetes/router_workload.h"

#include <fmt/format.h>

#include "backend/kubernetes/labels.h"
#include "oci/registry.h"
#include "os/base64.h"

namespace tidegate::backend::kubernetes {
namespace {

using domain::ClusterAttachment;

constexpr std::string_view kHostname = "kubernetes.io/hostname";
constexpr int kUser = 65532;  // nobody that any image knows

// A request may run for five minutes (spec deploy.md 4.1); a router that goes finishes it.
constexpr int kGraceSeconds = 310;
// Until then every node has heard that the pod is leaving; it answers meanwhile.
constexpr int kPreStopSeconds = 3;

Json labels() {
  return Json{{std::string(kManagedBy), "tidegate"}, {std::string(kComponent), "router"}};
}

Json head(std::string_view version, std::string_view kind, std::string_view name,
          const ClusterAttachment& attachment) {
  return Json{{"apiVersion", version},
              {"kind", kind},
              {"metadata",
               {{"name", name}, {"namespace", attachment.kube_namespace}, {"labels", labels()}}}};
}

Json secret(std::string_view name, const ClusterAttachment& attachment) {
  Json out = head("v1", "Secret", name, attachment);
  out["type"] = "Opaque";
  return out;
}

// Pods, and the one Secret of the routing table. A list or watch of one object by name counts as
// one of that object.
Json role(const ClusterAttachment& attachment) {
  Json out = head("rbac.authorization.k8s.io/v1", "Role", kRouterName, attachment);
  Json verbs{"get", "list", "watch"};
  out["rules"] = Json::array({Json{{"apiGroups", Json::array({""})},
                                   {"resources", Json::array({"pods"})},
                                   {"verbs", verbs}},
                              Json{{"apiGroups", Json::array({""})},
                                   {"resources", Json::array({"secrets"})},
                                   {"resourceNames", Json::array({kTableSecret})},
                                   {"verbs", verbs}}});
  return out;
}

Json role_binding(const ClusterAttachment& attachment) {
  Json out = head("rbac.authorization.k8s.io/v1", "RoleBinding", kRouterName, attachment);
  out["roleRef"] = {
      {"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", kRouterName}};
  out["subjects"] = Json::array({Json{{"kind", "ServiceAccount"},
                                      {"name", kRouterName},
                                      {"namespace", attachment.kube_namespace}}});
  return out;
}

Json field(std::string_view variable, std::string_view path) {
  return Json{{"name", variable}, {"valueFrom", {{"fieldRef", {{"fieldPath", path}}}}}};
}

Json variables() {
  Json token{{"name", "TIDEGATE_LINK_TOKEN"},
             {"valueFrom", {{"secretKeyRef", {{"name", kRouterSecret}, {"key", kLinkTokenKey}}}}}};
  return Json::array({field("TIDEGATE_NAMESPACE", "metadata.namespace"),
                      field("TIDEGATE_POD_NAME", "metadata.name"), std::move(token)});
}

Json probe(std::string_view path, int period, int failures) {
  return Json{{"httpGet", {{"path", path}, {"port", "http"}}},
              {"periodSeconds", period},
              {"timeoutSeconds", 5},
              {"failureThreshold", failures}};
}

Json container(const ClusterAttachment& attachment) {
  return Json{
      {"name", "router"},
      {"image", attachment.agent_image},
      {"args",
       {"router", "--kubernetes", "--data", "/var/lib/tidegate", "--listen",
        fmt::format("0.0.0.0:{}", kRouterPort)}},
      {"env", variables()},
      {"ports", Json::array({Json{{"name", "http"}, {"containerPort", kRouterPort}}})},
      {"readinessProbe", probe("/readyz", /*period=*/2, /*failures=*/2)},
      {"livenessProbe", probe("/healthz", /*period=*/10, /*failures=*/6)},
      {"lifecycle", {{"preStop", {{"sleep", {{"seconds", kPreStopSeconds}}}}}}},
      {"resources",
       {{"requests", {{"cpu", "100m"}, {"memory", "128Mi"}}}, {"limits", {{"memory", "1Gi"}}}}},
      {"securityContext",
       {{"allowPrivilegeEscalation", false},
        {"readOnlyRootFilesystem", true},
        {"capabilities", {{"drop", Json::array({"ALL"})}}}}},
      {"volumeMounts", Json::array({Json{{"name", "data"}, {"mountPath", "/var/lib/tidegate"}}})}};
}

// One node that goes takes one router along, where there are several nodes.
void spread(Json& pod) {
  Json routers{{"matchLabels", labels()}};
  Json term{{"labelSelector", routers}, {"topologyKey", kHostname}};
  pod["affinity"] = {
      {"podAntiAffinity",
       {{"preferredDuringSchedulingIgnoredDuringExecution",
         Json::array({Json{{"weight", 100}, {"podAffinityTerm", std::move(term)}}})}}}};
  pod["topologySpreadConstraints"] = Json::array({Json{{"maxSkew", 1},
                                                       {"topologyKey", kHostname},
                                                       {"whenUnsatisfiable", "ScheduleAnyway"},
                                                       {"labelSelector", std::move(routers)}}});
}

Json pod(const ClusterAttachment& attachment) {
  Json out{{"serviceAccountName", kRouterName},
           {"terminationGracePeriodSeconds", kGraceSeconds},
           {"securityContext",
            {{"runAsNonRoot", true},
             {"runAsUser", kUser},
             {"runAsGroup", kUser},
             {"fsGroup", kUser},
             {"seccompProfile", {{"type", "RuntimeDefault"}}}}}};
  if (!attachment.registry.user.empty()) {
    out["imagePullSecrets"] = Json::array({Json{{"name", kRegistrySecret}}});
  }
  spread(out);
  out["containers"] = Json::array({container(attachment)});
  out["volumes"] = Json::array({Json{{"name", "data"}, {"emptyDir", {{"sizeLimit", "4Gi"}}}}});
  return out;
}

Json deployment(const ClusterAttachment& attachment, std::string_view attached_as) {
  Json out = head("apps/v1", "Deployment", kRouterName, attachment);
  if (!attached_as.empty()) {
    out["metadata"]["annotations"] = {{std::string(kAttachedAs), attached_as}};
  }
  out["spec"] = {
      {"replicas", router_count(attachment)},
      {"selector", {{"matchLabels", labels()}}},
      {"strategy",
       {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxSurge", 1}, {"maxUnavailable", 0}}}}},
      {"template", {{"metadata", {{"labels", labels()}}}, {"spec", pod(attachment)}}}};
  return out;
}

Json service(const ClusterAttachment& attachment) {
  Json out = head("v1", "Service", kRouterName, attachment);
  out["spec"] = {
      {"type", attachment.service_type},
      {"selector", labels()},
      {"ports",
       Json::array(
           {Json{{"name", "http"}, {"port", 80}, {"targetPort", "http"}, {"protocol", "TCP"}}})}};
  return out;
}

Json registry_secret(const ClusterAttachment& attachment) {
  Json auths = Json::object();
  for (const auto* registry : {&attachment.global_registry, &attachment.registry}) {
    if (registry->user.empty()) continue;
    const std::string& password = registry->password.reveal();
    auths[std::string(oci::host_of(registry->address))] = {
        {"username", registry->user},
        {"password", password},
        {"auth", os::base64(registry->user + ":" + password)}};
  }
  Json out = secret(kRegistrySecret, attachment);
  out["type"] = "kubernetes.io/dockerconfigjson";
  out["data"] = {{".dockerconfigjson", os::base64(to_text(Json{{"auths", std::move(auths)}}))}};
  return out;
}

}  // namespace

Json namespace_manifest(const ClusterAttachment& attachment) {
  return Json{
      {"apiVersion", "v1"},
      {"kind", "Namespace"},
      {"metadata",
       {{"name", attachment.kube_namespace}, {"labels", {{std::string(kManagedBy), "tidegate"}}}}}};
}

std::vector<Json> router_manifests(const ClusterAttachment& attachment,
                                   std::string_view attached_as) {
  return {head("v1", "ServiceAccount", kRouterName, attachment), role(attachment),
          role_binding(attachment), service(attachment), deployment(attachment, attached_as)};
}

std::vector<Json> secret_manifests(const ClusterAttachment& attachment) {
  Json router = secret(kRouterSecret, attachment);
  router["data"] = {{std::string(kLinkTokenKey), os::base64(attachment.link_token.reveal())}};
  std::vector<Json> out{std::move(router)};
  bool has_user = !attachment.registry.user.empty() || !attachment.global_registry.user.empty();
  if (has_user) out.push_back(registry_secret(attachment));
  return out;
}

Json table_manifest(const ClusterAttachment& attachment, std::string_view table) {
  Json out = secret(kTableSecret, attachment);
  out["data"] = {{std::string(kTableKey), os::base64(table)}};
  return out;
}

int router_count(const ClusterAttachment& attachment) {
  return attachment.purpose == domain::ClusterPurpose::dev_test ? 1 : 3;
}

std::string to_yaml_stream(const ClusterAttachment& attachment, std::string_view attached_as) {
  std::vector<Json> all{namespace_manifest(attachment)};
  for (Json& one : secret_manifests(attachment)) {
    for (auto& [key, value] : one["data"].items()) value = "";
    all.push_back(std::move(one));
  }
  all.push_back(table_manifest(attachment, ""));
  for (Json& one : router_manifests(attachment, attached_as)) all.push_back(std::move(one));
  std::string text;
  for (const Json& one : all) text += (text.empty() ? "" : "---\n") + to_yaml(one);
  return text;
}

}  // namespace tidegate::backend::kubernetes
