#include "backend/kubernetes/kubernetes_backend.h"

#include <fmt/format.h>

#include "backend/kubernetes/attachment.h"
#include "backend/kubernetes/labels.h"
#include "backend/kubernetes/names.h"
#include "backend/kubernetes/pieces.h"
#include "backend/kubernetes/pod_log.h"
#include "backend/kubernetes/pod_state.h"
#include "backend/kubernetes/router_workload.h"
#include "base/json_path.h"
#include "base/log.h"

namespace tidegate::backend::kubernetes {
namespace {

// A connection that drops comes back sooner; longer, and what is seen is not what is.
constexpr Milliseconds kBlindMax{3'000};
constexpr Milliseconds kNamespaceAskedEvery{2'000};

std::unexpected<Error> not_here(std::string_view what) {
  return fail(Code::internal, fmt::format("a cluster's pods are not {} one by one", what));
}

// The API server's words for a create in a namespace that is not there.
bool says_namespace_is_gone(const Error& error) {
  return error.code == Code::not_found && error.message.find("namespaces \"") != std::string::npos;
}

}  // namespace

PushArtifact push_to(oci::Registry& registry) {
  return [&registry](const std::string& repository, const std::vector<oci::Piece>& pieces) {
    return oci::push_artifact(registry, repository, pieces, [](std::string_view) {});
  };
}

WorkloadOptions workload_options_of(const domain::ClusterAttachment& attachment) {
  bool is_anonymous = attachment.registry.user.empty();
  return {.kube_namespace = attachment.kube_namespace,
          .agent_image = attachment.agent_image,
          .registry = attachment.registry.address,
          .is_plain_http = attachment.registry.is_plain_http,
          .pull_secret = is_anonymous ? "" : std::string(kRegistrySecret),
          .cache_folder = "/var/cache/tidegate",
          .cache_max_gb = attachment.node_cache_gb,
          .model_data_claim = attachment.model_data_claim};
}

KubernetesBackend::KubernetesBackend(const domain::ClusterAttachment& attachment, Seams seams)
    : attachment_(attachment),
      options_(workload_options_of(attachment)),
      seams_(std::move(seams)),
      deployments_(seams_.client, kube::kDeployment, here("", std::string(kReplicaSelector)),
                   seams_.clock, seams_.on_change),
      pods_(seams_.client, kube::kPod, here("", std::string(kReplicaSelector)), seams_.clock,
            seams_.on_change) {}

kube::Where KubernetesBackend::here(std::string name, std::string selector) const {
  return {.namespace_ = options_.kube_namespace,
          .name = std::move(name),
          .selector = std::move(selector)};
}

Result<> KubernetesBackend::prepare(const VersionPlan& plan) {
  TIDEGATE_TRY(std::string name, object_name(plan));
  if (plan.image.empty()) {
    return fail(Code::internal, fmt::format("version {} has no image", plan.version_id));
  }
  TIDEGATE_TRY(std::vector<oci::Piece> pieces, pieces_of(plan));
  TIDEGATE_TRY(std::string digest, seams_.push(repository_of(plan), pieces));
  TIDEGATE_TRY_VOID(apply(secret_manifest(plan, name, options_)));
  TIDEGATE_TRY(int replicas, replicas_now(name));
  TIDEGATE_TRY_VOID(apply(deployment_manifest(plan, name, digest, options_, replicas)));
  std::lock_guard hold(mutex_);
  names_[plan.version_id] = name;
  namespace_state_ = NamespaceState::there;
  return {};
}

Result<Json> KubernetesBackend::apply(const Json& manifest) {
  auto applied = seams_.client.apply(manifest);
  if (!applied && says_namespace_is_gone(applied.error())) {
    TIDEGATE_TRY_VOID(restore_namespace());
    applied = seams_.client.apply(manifest);
  }
  if (!applied && applied.error().message.find("is being terminated") != std::string::npos) {
    return fail(
        Code::unavailable,
        fmt::format("namespace {} is being deleted: nothing can be made in it. Deploy again "
                    "once it is gone; it is made again then",
                    options_.kube_namespace));
  }
  if (!applied) {
    return fail_at(fmt::format("{} {} in namespace {}", text_or(manifest, "kind", ""),
                               name_of(manifest), options_.kube_namespace),
                   applied.error());
  }
  return applied;
}

// With the Secrets that attach had put there: pods need the registry's. The routers are brought
// back by those who keep them.
Result<> KubernetesBackend::restore_namespace() {
  log(Level::warning, "namespace_restored", {{"namespace", options_.kube_namespace}});
  auto made = seams_.client.apply(namespace_manifest(attachment_));
  if (!made) {
    return fail(made.error().code,
                fmt::format("namespace {} is gone and cannot be made again: {}. Make it by hand, "
                            "or attach the cluster again with a user who may",
                            options_.kube_namespace, made.error().message));
  }
  for (const Json& secret : secret_manifests(attachment_)) {
    TIDEGATE_TRY_VOID(seams_.client.apply(secret));
  }
  return {};
}

// What scale() has set stays: an apply that leaves the number out would hand it to the cluster's
// default, one.
Result<int> KubernetesBackend::replicas_now(const std::string& name) {
  auto deployment = seams_.client.get(kube::kDeployment, here(name));
  if (deployment) return wanted_of(*deployment);
  if (deployment.error().code == Code::not_found) return 0;
  return fail_at("Deployment " + name, deployment.error());
}

Result<std::string> KubernetesBackend::deployment_of(const std::string& version_id) {
  {
    std::lock_guard hold(mutex_);
    auto known = names_.find(version_id);
    if (known != names_.end()) return known->second;
  }
  TIDEGATE_TRY(auto found,
               seams_.client.list(kube::kDeployment, here("", selector_of(version_id))));
  if (!found.items.empty()) return name_of(found.items.front());
  return fail(Code::not_found, fmt::format("version {} has no Deployment in namespace {}; it has "
                                           "to be prepared again",
                                           version_id, options_.kube_namespace));
}

Result<> KubernetesBackend::scale(const std::string& version_id, int count) {
  TIDEGATE_TRY(std::string name, deployment_of(version_id));
  auto scaled = seams_.client.scale(kube::kDeployment, here(name), count);
  if (scaled) {
    std::lock_guard hold(mutex_);
    names_[version_id] = name;
    return {};
  }
  return fail_at(fmt::format("Deployment {} cannot be given {} replicas", name, count),
                 scaled.error());
}

Result<std::shared_ptr<const kube::LiveSet::Objects>> KubernetesBackend::fresh(
    const kube::LiveSet& set) const {
  auto objects = set.snapshot();
  kube::LiveSet::Health health = set.health();
  bool is_blind = !health.is_connected && seams_.clock.mono() - health.since >= kBlindMax;
  if (objects && !is_blind) return objects;
  return fail(Code::unavailable,
              health.error.empty()
                  ? fmt::format("the objects of namespace {} have not been listed yet",
                                options_.kube_namespace)
                  : fmt::format("namespace {} cannot be watched: {}", options_.kube_namespace,
                                health.error));
}

Result<std::vector<Replica>> KubernetesBackend::observe() {
  TIDEGATE_TRY(auto pods, fresh(pods_));
  std::vector<Replica> out;
  for (const auto& [name, pod] : *pods) out.push_back(replica_of(pod));
  return out;
}

// The live set tells errors as text; "forbidden" is the API server's own word.
bool KubernetesBackend::is_refused(const kube::LiveSet& set) const {
  kube::LiveSet::Health health = set.health();
  return !health.is_connected && health.error.find("forbidden") != std::string::npos;
}

Result<std::vector<VersionSeen>> KubernetesBackend::observe_versions() {
  auto deployments = fresh(deployments_);
  auto pods = fresh(pods_);
  std::vector<VersionSeen> out;
  if (!deployments || !pods) {
    const Error& error = deployments ? pods.error() : deployments.error();
    if (!is_refused(deployments_) && !is_refused(pods_)) return std::unexpected(error);
    Trouble trouble{.code = "Forbidden",
                    .message = error.message,
                    .next_step =
                        "Give the kubeconfig's user these rights, or attach the cluster "
                        "again with one who has them."};
    std::lock_guard hold(mutex_);
    for (const auto& [version_id, name] : names_) out.push_back({version_id, 0, trouble});
    return out;
  }
  std::map<std::string, Trouble> troubles;  // the worst, by version
  for (const auto& [name, pod] : **pods) {
    std::optional<Trouble> trouble = trouble_of_pod(pod);
    if (!trouble) continue;
    auto [known, is_new] = troubles.try_emplace(label_of(pod, kVersionLabel), *trouble);
    if (!is_new && is_worse(*trouble, known->second)) known->second = *trouble;
  }
  std::set<std::string> seen;
  for (const auto& [name, deployment] : **deployments) {
    VersionSeen version{.version_id = label_of(deployment, kVersionLabel),
                        .wanted = wanted_of(deployment),
                        .trouble = trouble_of_deployment(deployment)};
    auto found = troubles.find(version.version_id);
    if (found != troubles.end() && (!version.trouble || is_worse(found->second, *version.trouble)))
      version.trouble = found->second;
    seen.insert(version.version_id);
    out.push_back(std::move(version));
  }
  add_missing(seen, out);
  return out;
}

void KubernetesBackend::add_missing(const std::set<std::string>& seen,
                                    std::vector<VersionSeen>& out) {
  std::vector<std::string> missing;
  {
    std::lock_guard hold(mutex_);
    for (const auto& [version_id, name] : names_) {
      if (!seen.contains(version_id)) missing.push_back(version_id);
    }
    // What goes missing next is a new question: the last answer was about something else.
    if (missing.empty()) namespace_asked_ = {};
  }
  if (missing.empty()) return;
  NamespaceState state = namespace_state();
  if (state == NamespaceState::there) return;
  bool is_gone = state == NamespaceState::gone;
  Trouble trouble{
      .code = is_gone ? "NamespaceGone" : "NamespaceTerminating",
      .message = fmt::format("namespace {} is {}, with everything in it", options_.kube_namespace,
                             is_gone ? "gone" : "being deleted"),
      .next_step = is_gone ? "It is made again; if that fails, attach the cluster again."
                           : "Once it is gone, it is made again with routers and services; "
                             "detach the target if that is not wanted."};
  for (const std::string& version_id : missing) out.push_back({version_id, 0, trouble});
}

KubernetesBackend::NamespaceState KubernetesBackend::namespace_state() {
  {
    std::lock_guard hold(mutex_);
    MonoTime now = seams_.clock.mono();
    bool is_known = namespace_asked_ != MonoTime() && now - namespace_asked_ < kNamespaceAskedEvery;
    if (is_known) return namespace_state_;
    namespace_asked_ = now;
  }
  auto found = seams_.client.get(kube::kNamespace, {.name = options_.kube_namespace});
  NamespaceState state = NamespaceState::there;  // whoever may not see it has to believe so
  if (found && deletion_of(*found)) state = NamespaceState::going;
  if (!found && found.error().code == Code::not_found) state = NamespaceState::gone;
  std::lock_guard hold(mutex_);
  namespace_state_ = state;
  return state;
}

Result<> KubernetesBackend::remove_version(const std::string& version_id) {
  // By label: also what a process before this one has made. The Secret last, since pods that start
  // until then still read it.
  for (const kube::Kind& kind : {kube::kDeployment, kube::kSecret}) {
    auto found = seams_.client.list(kind, here("", selector_of(version_id)));
    if (!found) return fail_at("version " + version_id, found.error());
    for (const Json& object : found->items) {
      TIDEGATE_TRY_VOID(seams_.client.remove(kind, here(name_of(object))));
    }
  }
  std::lock_guard hold(mutex_);
  names_.erase(version_id);
  return {};
}

Result<std::string> KubernetesBackend::logs(const std::string& version_id, std::size_t lines_max) {
  TIDEGATE_TRY(auto pods, seams_.client.list(kube::kPod, here("", selector_of(version_id))));
  return newest_lines(seams_.client, pods.items, lines_max);
}

std::string KubernetesBackend::model_data_place(const std::string&) const {
  if (options_.model_data_claim.empty()) return "";
  return fmt::format("PersistentVolumeClaim {} of namespace {}: ", options_.model_data_claim,
                     options_.kube_namespace);
}

std::string KubernetesBackend::isolation() const {
  return fmt::format("pods (namespace {})", options_.kube_namespace);
}

Result<> KubernetesBackend::start(const VersionPlan&, const std::string&) {
  return not_here("started");
}
Result<> KubernetesBackend::stop(const std::string&, Milliseconds) {
  return not_here("stopped");
}
Result<> KubernetesBackend::forget(const std::string&) {
  return not_here("forgotten");
}

}  // namespace tidegate::backend::kubernetes
