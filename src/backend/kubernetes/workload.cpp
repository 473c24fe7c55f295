#include "backend/kubernetes/workload.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "backend/kubernetes/labels.h"
#include "backend/kubernetes/names.h"
#include "backend/variables.h"

namespace tidegate::backend::kubernetes {
namespace {

constexpr std::string_view kErrorFile = "/dev/termination-log";
constexpr std::string_view kCacheFolder = "/var/cache/tidegate";
constexpr std::string_view kDockerFolder = "/var/tidegate/docker";
constexpr std::string_view kStorageFolder = "/var/tidegate/storage";
constexpr int kReadyPeriodSeconds = 1;
constexpr int kReadyFailures = 3;
constexpr int kStartupPeriodSeconds = 1;
constexpr int kStopSlackSeconds = 10;
constexpr int kRevisionsKept = 1;
// Of the init container. It needs 18 MB for whatever it fetches (300 MB of model, 100 MB of source
// as tar.gz: the same, and done under a limit of 16 MiB); the rest is room for the kernel's cache.
constexpr double kPullMemoryGb = 0.125;

Json labels_of(const VersionPlan& plan) {
  return {{kManagedBy, "tidegate"},
          {kComponent, "replica"},
          {kServiceLabel, plan.service_name},
          {kVersionLabel, plan.version_id}};
}

// Labels of the version: a selector cannot be changed later.
Json selector_labels(const VersionPlan& plan) {
  return {{kManagedBy, "tidegate"}, {kComponent, "replica"}, {kVersionLabel, plan.version_id}};
}

Json metadata_of(const VersionPlan& plan, const std::string& name, const WorkloadOptions& options) {
  return {{"name", name}, {"namespace", options.kube_namespace}, {"labels", labels_of(plan)}};
}

// Kubernetes reads $(NAME) in variables and commands as a reference; $$ is a dollar.
std::string literal(std::string_view text) {
  std::string out;
  for (char c : text) {
    out += c;
    if (c == '$') out += '$';
  }
  return out;
}

std::string cpu_text(double cpu) {
  return fmt::format("{}m", std::max(1L, std::lround(cpu * 1000)));
}

// The platform's GB are Kubernetes' Gi; whole Mi.
std::string memory_text(double gb) {
  return fmt::format("{}Mi", std::max(1L, std::lround(gb * 1024)));
}

Json resources_of(const domain::Resources& resources) {
  Json requests = {{"cpu", cpu_text(resources.cpu)}, {"memory", memory_text(resources.memory_gb)}};
  Json limits = Json::object();  // without one the container may use what the node has to spare
  if (resources.cpu_limit) limits["cpu"] = cpu_text(*resources.cpu_limit);
  if (resources.memory_gb_limit) limits["memory"] = memory_text(*resources.memory_gb_limit);
  if (resources.gpu.value_or(0) > 0) limits["nvidia.com/gpu"] = std::to_string(*resources.gpu);
  Json out = {{"requests", requests}};
  if (!limits.empty()) out["limits"] = limits;
  return out;
}

// What no code here can need. The user is the image's: many images of users run as root.
Json container_security() {
  return {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", {"ALL"}}}}};
}

Json probe(int period, int timeout, int failures) {
  return {{"httpGet", {{"path", "/"}, {"port", "score"}}},
          {"periodSeconds", period},
          {"timeoutSeconds", timeout},
          {"failureThreshold", failures}};
}

// A startup probe instead of the platform's liveness probe with a long initial delay: init() has
// just as long (the delay, and the failures that liveness would forgive), but it is noticed within
// a second that it has returned, and a replica that hangs is restarted after three periods even
// when it is young. successThreshold is not passed on: Kubernetes has 1 there and nothing else.
void add_probes(const domain::Probe& wanted, Json& container) {
  int patience = wanted.initial_delay_s + wanted.failure_threshold * wanted.period_s;
  container["startupProbe"] =
      probe(kStartupPeriodSeconds, wanted.timeout_s, patience / kStartupPeriodSeconds);
  container["readinessProbe"] = probe(kReadyPeriodSeconds, wanted.timeout_s, kReadyFailures);
  container["livenessProbe"] = probe(wanted.period_s, wanted.timeout_s, wanted.failure_threshold);
}

bool collects(const VersionPlan& plan, const WorkloadOptions& options) {
  return plan.collects_model_data && !options.model_data_claim.empty();
}

Variables variables_of(const VersionPlan& plan, const WorkloadOptions& options) {
  const Place place{
      .app_root = std::string(kAppRoot),
      .listen = fmt::format("tcp:0.0.0.0:{}", kScoringPort),
      .startup_error = std::string(kErrorFile),
      .location = "kubernetes",
      .model_data = collects(plan, options) ? std::string(kStorageFolder) : std::string()};
  Variables out;
  add_defaults(plan, place, out);
  out["TMPDIR"] = "/tmp";
  add_environments_own(plan, out);
  // The image's own PATH, HOME and PYTHONPATH stay: a variable set here would hide them, and what
  // they are is not known here.
  auto path = out.find("PATH");
  if (path != out.end()) {
    path->second = put_before(os::Path(plan.interpreter).parent_path().string(), path->second);
  }
  add_fixed(plan, place, out);
  return out;
}

Json environment_of(const VersionPlan& plan, const std::string& secret,
                    const WorkloadOptions& options) {
  Json out = Json::array();
  Variables variables = variables_of(plan, options);
  for (const auto& [name, value] : variables) {
    out.push_back({{"name", name}, {"value", literal(value)}});
  }
  if (!variables.contains("HOSTNAME")) {
    out.push_back(
        {{"name", "HOSTNAME"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.name"}}}}}});
  }
  out.push_back(
      {{"name", "TIDEGATE_REPLICA_SECRET"},
       {"valueFrom", {{"secretKeyRef", {{"name", secret}, {"key", kReplicaSecretKey}}}}}});
  return out;
}

Json mount(std::string_view volume, std::string_view path) {
  return {{"name", volume}, {"mountPath", path}};
}

Json read_only_mount(std::string_view volume, std::string_view path) {
  return {{"name", volume}, {"mountPath", path}, {"readOnly", true}};
}

Json pull_arguments(const VersionPlan& plan, const std::string& digest,
                    const WorkloadOptions& options) {
  Json out = {"pull", "--registry", options.registry};
  if (options.is_plain_http) out.push_back("--plain-http");
  auto add = [&out](std::string_view flag, std::string_view value) {
    out.push_back(flag);
    out.push_back(value);
  };
  add("--repository", repository_of(plan));
  add("--digest", digest);
  add("--into", kAppRoot);
  if (!options.cache_folder.empty()) add("--cache", kCacheFolder);
  // Not said where it is the default: an older agent image does not know the flag.
  bool has_limit = options.cache_max_gb != WorkloadOptions{}.cache_max_gb;
  if (!options.cache_folder.empty() && has_limit) {
    add("--cache-max-gb", std::to_string(options.cache_max_gb));
  }
  add("--server-from", options.agent_server_folder);
  add("--server-into", kServerFolder);
  if (!options.pull_secret.empty()) {
    add("--docker-config", fmt::format("{}/config.json", kDockerFolder));
  }
  return out;
}

// Brings models, source and our scoring server into the pod's folders, then ends.
Json pull_container(const VersionPlan& plan, const std::string& digest,
                    const WorkloadOptions& options) {
  Json mounts = {mount("app", kAppRoot), mount("server", kServerFolder), mount("tmp", "/tmp")};
  if (!options.cache_folder.empty()) mounts.push_back(mount("cache", kCacheFolder));
  if (!options.pull_secret.empty()) mounts.push_back(read_only_mount("docker", kDockerFolder));
  // As root, though without its capabilities: it owns the node's cache, and a script in an image
  // that runs as root, as most do, can write beside its own files. It asks for what the replica
  // asks for, since a pod needs the larger of the two anyway. With a limit it can take a node's
  // memory from nobody, and a quota of limits does not refuse the pod for want of one.
  domain::Resources asked{.cpu = plan.resources.cpu, .memory_gb = plan.resources.memory_gb};
  asked.memory_gb_limit = std::max(asked.memory_gb, kPullMemoryGb);
  Json security = container_security();
  security["runAsUser"] = 0;
  return {{"name", kPullContainer},
          {"image", options.agent_image},
          {"imagePullPolicy", "IfNotPresent"},
          {"args", pull_arguments(plan, digest, options)},
          {"env", Json::array({{{"name", "TIDEGATE_TERMINATION_LOG"}, {"value", kErrorFile}}})},
          {"resources", resources_of(asked)},
          {"securityContext", security},
          {"terminationMessagePolicy", "FallbackToLogsOnError"},
          {"volumeMounts", mounts}};
}

Json scoring_container(const VersionPlan& plan, const std::string& name,
                       const WorkloadOptions& options) {
  std::string server = fmt::format("{}/tidegate_server", kServerFolder);
  Json out = {{"name", kScoringContainer},
              {"image", plan.image},
              {"imagePullPolicy", "IfNotPresent"},
              {"command", {literal(plan.interpreter), server}},
              {"workingDir", kAppRoot},
              {"ports", Json::array({{{"name", "score"}, {"containerPort", kScoringPort}}})},
              {"env", environment_of(plan, name, options)},
              {"resources", resources_of(plan.resources)}};
  add_probes(plan.probe, out);
  out["lifecycle"] = {{"preStop", {{"sleep", {{"seconds", options.drain_seconds}}}}}};
  out["securityContext"] = container_security();
  out["terminationMessagePath"] = kErrorFile;
  // A server that died without a word of its own (a crash in C code) leaves its last lines.
  out["terminationMessagePolicy"] = "FallbackToLogsOnError";
  out["volumeMounts"] = {mount("app", kAppRoot), read_only_mount("server", kServerFolder),
                         mount("tmp", "/tmp")};
  if (collects(plan, options)) out["volumeMounts"].push_back(mount("storage", kStorageFolder));
  return out;
}

Json volumes_of(const VersionPlan& plan, const WorkloadOptions& options) {
  auto empty = [](std::string_view name) {
    return Json{{"name", name}, {"emptyDir", Json::object()}};
  };
  Json out = {empty("app"), empty("server"), empty("tmp")};
  if (!options.cache_folder.empty()) {
    out.push_back({{"name", "cache"},
                   {"hostPath", {{"path", options.cache_folder}, {"type", "DirectoryOrCreate"}}}});
  }
  if (collects(plan, options)) {
    out.push_back({{"name", "storage"},
                   {"persistentVolumeClaim", {{"claimName", options.model_data_claim}}}});
  }
  if (!options.pull_secret.empty()) {
    Json item = {{"key", ".dockerconfigjson"}, {"path", "config.json"}};
    out.push_back(
        {{"name", "docker"},
         {"secret", {{"secretName", options.pull_secret}, {"items", Json::array({item})}}}});
  }
  return out;
}

// As long as the longest call that may be in flight, so that the kubelet never cuts one off.
int grace_seconds(const VersionPlan& plan, const WorkloadOptions& options) {
  return options.drain_seconds + (plan.scoring_timeout_ms + 999) / 1000 + kStopSlackSeconds;
}

Json pod_spec(const VersionPlan& plan, const std::string& name, const std::string& digest,
              const WorkloadOptions& options) {
  Json out = {{"automountServiceAccountToken", false},
              {"enableServiceLinks", false},
              {"terminationGracePeriodSeconds", grace_seconds(plan, options)},
              {"securityContext", {{"seccompProfile", {{"type", "RuntimeDefault"}}}}},
              {"initContainers", Json::array({pull_container(plan, digest, options)})},
              {"containers", Json::array({scoring_container(plan, name, options)})},
              {"volumes", volumes_of(plan, options)}};
  if (!options.pull_secret.empty()) {
    out["imagePullSecrets"] = Json::array({{{"name", options.pull_secret}}});
  }
  return out;
}

std::string requested(const Json& resources, std::string_view name) {
  for (std::string_view part : {"requests", "limits"}) {
    const Json* amounts = find_member(resources, part);
    if (amounts == nullptr) continue;
    if (std::string text = text_or(*amounts, name, ""); !text.empty()) return text;
  }
  return "";
}

}  // namespace

Json secret_manifest(const VersionPlan& plan, const std::string& name,
                     const WorkloadOptions& options) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", metadata_of(plan, name, options)},
          {"type", "Opaque"},
          {"stringData", {{kReplicaSecretKey, plan.replica_secret.reveal()}}}};
}

Json deployment_manifest(const VersionPlan& plan, const std::string& name,
                         const std::string& digest, const WorkloadOptions& options, int replicas) {
  Json strategy = {{"type", "RollingUpdate"},
                   {"rollingUpdate", {{"maxSurge", 1}, {"maxUnavailable", 0}}}};
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", metadata_of(plan, name, options)},
          {"spec",
           {{"replicas", replicas},
            {"revisionHistoryLimit", kRevisionsKept},
            {"strategy", strategy},
            {"selector", {{"matchLabels", selector_labels(plan)}}},
            {"template",
             {{"metadata", {{"labels", labels_of(plan)}}},
              {"spec", pod_spec(plan, name, digest, options)}}}}}};
}

std::string resources_text(const Json& container) {
  const Json* resources = find_member(container, "resources");
  if (resources == nullptr) return "nothing";
  std::string text = fmt::format("cpu {}, memory {}", requested(*resources, "cpu"),
                                 requested(*resources, "memory"));
  if (std::string gpu = requested(*resources, "nvidia.com/gpu"); !gpu.empty()) {
    text += fmt::format(", nvidia.com/gpu {}", gpu);
  }
  return text;
}

}  // namespace tidegate::backend::kubernetes
