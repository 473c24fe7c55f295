// Attachment::rollback and uninstall: taking out what is ours, and nothing else.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "backend/kubernetes/attachment.h"
#include "backend/kubernetes/labels.h"
#include "backend/kubernetes/router_workload.h"

namespace tidegate::backend::kubernetes {
namespace {

constexpr std::string_view kOurs = "app.kubernetes.io/managed-by=tidegate";

// Pods go with their Deployments. Whoever starts something goes before what it needs.
constexpr std::array kRemoved = {kube::kDeployment,  kube::kService, kube::kSecret,
                                 kube::kRoleBinding, kube::kRole,    kube::kServiceAccount};

// What a namespace may hold that somebody would miss. What Kubernetes puts into each is passed
// over.
constexpr std::array kMissed = {
    kube::kPod,
    kube::kDeployment,
    kube::kService,
    kube::kSecret,
    kube::kConfigMap,
    kube::kServiceAccount,
    kube::kRole,
    kube::kRoleBinding,
    kube::Kind{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"},
    kube::Kind{"apps", "v1", "StatefulSet", "statefulsets"},
    kube::Kind{"apps", "v1", "DaemonSet", "daemonsets"},
    kube::Kind{"batch", "v1", "Job", "jobs"},
    kube::Kind{"batch", "v1", "CronJob", "cronjobs"},
    kube::Kind{"networking.k8s.io", "v1", "Ingress", "ingresses"}};

// For pods that have nothing in flight.
constexpr Milliseconds kGoneLimit{30'000};
constexpr Milliseconds kPause{500};

std::string name_of(const Json& object) {
  const Json* metadata = find_member(object, "metadata");
  return metadata == nullptr ? "" : text_or(*metadata, "name", "");
}

std::string label_of(const Json& object, std::string_view label) {
  const Json* metadata = find_member(object, "metadata");
  const Json* labels = metadata == nullptr ? nullptr : find_member(*metadata, "labels");
  return labels == nullptr ? "" : text_or(*labels, label, "");
}

bool is_everywhere(const kube::Kind& kind, const Json& object) {
  std::string name = name_of(object);
  if (kind.kind == "ConfigMap") return name == "kube-root-ca.crt";
  if (kind.kind == "ServiceAccount") return name == "default";
  return kind.kind == "Secret" && text_or(object, "type", "").ends_with("service-account-token");
}

}  // namespace

std::string Attachment::deployed_services(const kube::Client::List& deployments) const {
  std::set<std::string> names;
  for (const Json& one : deployments.items) {
    std::string service = label_of(one, kServiceLabel);
    names.insert(service.empty() ? name_of(one) : service);
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Result<> Attachment::rollback() {
  TIDEGATE_TRY_VOID(remove_all(kRouterSelector));
  return remove_namespace();
}

Result<> Attachment::uninstall(bool is_forced) {
  const std::string& space = attachment_.kube_namespace;
  auto routers =
      seams_.client.get(kube::kDeployment, {.namespace_ = space, .name = std::string(kRouterName)});
  if (!routers && routers.error().code != Code::not_found) {
    return std::unexpected(routers.error());
  }
  std::string owner = routers ? attached_as_of(*routers) : "";
  if (!owner.empty() && owner != attached_as_) {
    seams_.on_line(
        fmt::format("namespace {} is attached as {} now; it is left as it is", space, owner));
    return {};
  }
  TIDEGATE_TRY(auto replicas,
               seams_.client.list(kube::kDeployment, {.namespace_ = space,
                                                      .selector = std::string(kReplicaSelector)}));
  if (!replicas.items.empty() && !is_forced) {
    return fail(Code::conflict,
                fmt::format("in namespace {} these services are deployed: {}; delete them first, "
                            "or force it",
                            space, deployed_services(replicas)));
  }
  TIDEGATE_TRY_VOID(remove_all(kOurs));
  return remove_namespace();
}

Result<> Attachment::remove_all(std::string_view selector) {
  const kube::Where where{.namespace_ = attachment_.kube_namespace,
                          .selector = std::string(selector)};
  for (const kube::Kind& kind : kRemoved) {
    TIDEGATE_TRY(auto found, seams_.client.list(kind, where));
    for (const Json& object : found.items) {
      seams_.on_line(fmt::format("removing {} {}", kind.kind, name_of(object)));
      TIDEGATE_TRY_VOID(seams_.client.remove(
          kind, {.namespace_ = attachment_.kube_namespace, .name = name_of(object)}));
    }
  }
  const MonoTime begin = seams_.clock.mono();
  for (;;) {
    TIDEGATE_TRY(auto pods, seams_.client.list(kube::kPod, where));
    if (pods.items.empty()) return {};
    if (seams_.clock.mono() - begin >= kGoneLimit) {
      seams_.on_line(
          fmt::format("{} pods finish what is in flight and end by themselves", pods.items.size()));
      return {};
    }
    seams_.sleep(kPause);
  }
}

// Only a namespace that attach made; what is not ours in it, or cannot be seen, keeps it.
Result<> Attachment::remove_namespace() {
  const std::string& space = attachment_.kube_namespace;
  auto found = seams_.client.get(kube::kNamespace, {.name = space});
  bool is_ours = found && label_of(*found, kManagedBy) == "tidegate";
  if (!is_ours) return {};
  for (const kube::Kind& kind : kMissed) {
    auto all = seams_.client.list(kind, {.namespace_ = space});
    if (!all && all.error().code != Code::not_found) {
      seams_.on_line(fmt::format("namespace {} stays: {}", space, all.error().message));
      return {};
    }
    for (std::size_t i = 0; all && i < all->items.size(); ++i) {
      const Json& object = all->items[i];
      // Pods of ours that finish their work go with the namespace.
      bool is_leaving = kind.kind == "Pod" && label_of(object, kManagedBy) == "tidegate";
      if (is_everywhere(kind, object) || is_leaving) continue;
      seams_.on_line(
          fmt::format("namespace {} stays: {} {} is in it", space, kind.kind, name_of(object)));
      return {};
    }
  }
  seams_.on_line(fmt::format("removing namespace {}", space));
  auto removed = seams_.client.remove(kube::kNamespace, {.name = space});
  if (removed || removed.error().code != Code::forbidden) return removed;
  seams_.on_line(fmt::format("namespace {} stays: {}", space, removed.error().message));
  return {};
}

}  // namespace tidegate::backend::kubernetes
