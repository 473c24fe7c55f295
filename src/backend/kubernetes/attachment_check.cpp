// Attachment::check: what is missing in a cluster, all of it at once.
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "backend/kubernetes/attachment.h"
#include "backend/kubernetes/router_workload.h"

namespace tidegate::backend::kubernetes {
namespace {

constexpr int kMinorMin = 30;  // preStop sleeps, from 1.30 on without a switch

struct Right {
  std::string_view group, resource, subresource, verbs;  // verbs by blanks
};
// All that control does in the namespace (docs/guides/attach-a-cluster.md lists the same).
constexpr std::array kRights = {
    Right{"", "pods", "", "get list watch delete"},
    Right{"", "pods", "log", "get"},
    Right{"", "pods", "proxy", "get"},
    Right{"", "events", "", "list"},
    Right{"", "secrets", "", "get list watch create patch delete"},
    Right{"", "services", "", "get list create patch delete"},
    Right{"", "serviceaccounts", "", "get list create patch delete"},
    Right{"apps", "deployments", "", "get list watch create patch delete"},
    Right{"apps", "deployments", "scale", "patch"},
    Right{"rbac.authorization.k8s.io", "roles", "", "get list create patch delete"},
    Right{"rbac.authorization.k8s.io", "rolebindings", "", "get list create patch delete"},
};

std::string_view next_word(std::string_view& words) {
  std::string_view word = words.substr(0, words.find(' '));
  words.remove_prefix(std::min(words.size(), word.size() + 1));
  return word;
}

std::string name_of(const Right& right) {
  std::string name(right.resource);
  if (!right.subresource.empty()) name += fmt::format("/{}", right.subresource);
  if (!right.group.empty()) name += fmt::format(".{}", right.group);
  return name;
}

// The verbs of `right` that the user has not, "create, patch"; an error ends the questions.
Result<std::string> missing_verbs(kube::Client& client, const Right& right,
                                  const std::string& kube_namespace) {
  std::string missing;
  for (std::string_view words = right.verbs; !words.empty();) {
    std::string_view verb = next_word(words);
    TIDEGATE_TRY(bool may, client.may({.verb = std::string(verb),
                                       .group = std::string(right.group),
                                       .resource = std::string(right.resource),
                                       .subresource = std::string(right.subresource),
                                       .namespace_ = kube_namespace}));
    if (!may) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", verb);
  }
  return missing;
}

bool has_true_condition(const Json& object, std::string_view type) {
  const Json* status = find_member(object, "status");
  const Json* conditions = status == nullptr ? nullptr : find_member(*status, "conditions");
  if (conditions == nullptr) return false;
  return std::ranges::any_of(*conditions, [&](const Json& one) {
    return text_or(one, "type", "") == type && text_or(one, "status", "") == "True";
  });
}

void check_service_type(const std::string& type, domain::Complaints& complaints) {
  if (type == "NodePort" || type == "LoadBalancer") return;
  complaints.add("serviceType", fmt::format("must be NodePort or LoadBalancer, is \"{}\"", type));
}

}  // namespace

bool is_version_offered(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  int major = 0;
  int minor = 0;
  const char* end = version.data() + version.size();
  auto [dot, error] = std::from_chars(version.data(), end, major);
  if (error != std::errc() || dot == end || *dot != '.') return false;
  std::from_chars(dot + 1, end, minor);
  return major > 1 || (major == 1 && minor >= kMinorMin);
}

bool is_schedulable(const Json& node) {
  if (!has_true_condition(node, "Ready")) return false;
  const Json* spec = find_member(node, "spec");
  if (spec == nullptr) return true;
  const Json* cordoned = find_member(*spec, "unschedulable");
  if (cordoned != nullptr && *cordoned == Json(true)) return false;
  const Json* taints = find_member(*spec, "taints");
  if (taints == nullptr) return true;
  return std::ranges::none_of(*taints, [](const Json& taint) {
    std::string effect = text_or(taint, "effect", "");
    return effect == "NoSchedule" || effect == "NoExecute";
  });
}

domain::Complaints Attachment::check(AgentRegistry& registry) {
  domain::Complaints complaints;
  check_service_type(attachment_.service_type, complaints);
  auto version = seams_.client.server_version();
  if (!version) {
    complaints.add("kubeconfig", fmt::format("{}; the API server must be reached from the machine "
                                             "of this server, with a user that it knows",
                                             version.error().message));
  } else if (!is_version_offered(*version)) {
    complaints.add(
        "kubeconfig",
        fmt::format("the cluster is Kubernetes {}; 1.{} or newer is needed", *version, kMinorMin));
  } else {
    check_namespace(complaints);
    check_model_data_claim(complaints);
    check_nodes(complaints);
  }
  check_registry(registry, complaints);
  return complaints;
}

void Attachment::check_namespace(domain::Complaints& complaints) {
  const std::string& name = attachment_.kube_namespace;
  auto found = seams_.client.get(kube::kNamespace, {.name = name});
  bool is_missing = !found && found.error().code == Code::not_found;
  // Whoever may not see namespaces may have been given one, or not.
  bool is_unseen = !found && found.error().code == Code::forbidden;
  std::size_t before = complaints.problems().size();
  check_rights(!is_missing, complaints);
  if (is_unseen && complaints.problems().size() > before) check_may_make_namespace(complaints);
  if (is_missing) return;
  if (found) {
    const Json* status = find_member(*found, "status");
    if (status != nullptr && text_or(*status, "phase", "") == "Terminating") {
      complaints.add("namespace", fmt::format("{} is being deleted; wait until it is gone", name));
    }
  }
  auto routers =
      seams_.client.get(kube::kDeployment, {.namespace_ = name, .name = std::string(kRouterName)});
  if (!routers) return;  // there are none; or the rights say why they cannot be seen
  std::string owner = attached_as_of(*routers);
  if (owner.empty() || owner == attached_as_) return;
  complaints.add("namespace",
                 fmt::format("{} is attached already, as {}; detach it there, or choose another "
                             "namespace",
                             name, owner));
}

// What a pod could not be scheduled for, said before there is one.
void Attachment::check_model_data_claim(domain::Complaints& complaints) {
  const std::string& claim = attachment_.model_data_claim;
  if (claim.empty()) return;
  const std::string& space = attachment_.kube_namespace;
  auto found =
      seams_.client.get(kube::kPersistentVolumeClaim, {.namespace_ = space, .name = claim});
  if (found) return;
  if (found.error().code == Code::not_found) {
    complaints.add("modelDataClaim", fmt::format("namespace {} has no PersistentVolumeClaim {}; "
                                                 "create it first, or name one that is there",
                                                 space, claim));
    return;
  }
  complaints.add("modelDataClaim", fmt::format("PersistentVolumeClaim {} of namespace {} cannot be "
                                               "looked for: {}",
                                               claim, space, found.error().message));
}

void Attachment::check_may_make_namespace(domain::Complaints& complaints) {
  auto missing = missing_verbs(seams_.client, {"", "namespaces", "", "get create patch"},
                               /*kube_namespace=*/"");
  if (!missing || missing->empty()) return;
  complaints.add("kubeconfig",
                 fmt::format("its user may not {} namespaces in the cluster; grant it by a "
                             "ClusterRole, unless namespace {} is there already",
                             *missing, attachment_.kube_namespace));
}

void Attachment::check_rights(bool has_namespace, domain::Complaints& complaints) {
  const std::string& name = attachment_.kube_namespace;
  auto ask = [&](const Right& right, const std::string& place) -> bool {
    auto missing = missing_verbs(seams_.client, right, place);
    if (!missing) {
      complaints.add("kubeconfig", fmt::format("the rights of its user cannot be asked for: {}",
                                               missing.error().message));
      return false;
    }
    if (missing->empty()) return true;
    std::string where = place.empty() ? "in the cluster" : "in namespace " + place;
    complaints.add("kubeconfig",
                   fmt::format("its user may not {} {} {}; grant it by a {}", *missing,
                               name_of(right), where, place.empty() ? "ClusterRole" : "Role"));
    return true;
  };
  if (!has_namespace && !ask({"", "namespaces", "", "create patch"}, "")) return;
  if (attachment_.service_type == "NodePort" && !ask({"", "nodes", "", "list"}, "")) return;
  for (const Right& right : kRights) {
    if (!ask(right, name)) return;  // the next answer would be the same error
  }
}

void Attachment::check_nodes(domain::Complaints& complaints) {
  auto nodes = seams_.client.list(kube::kNode, {});
  if (!nodes) return;  // said by the rights, where nodes are needed
  if (std::ranges::none_of(nodes->items, is_schedulable)) {
    complaints.add("kubeconfig", fmt::format("none of the cluster's {} nodes is ready and takes "
                                             "pods; `kubectl describe nodes` says why",
                                             nodes->items.size()));
    return;
  }
  bool needs_address = attachment_.service_type == "NodePort";
  bool has_address = std::ranges::any_of(nodes->items, [](const Json& node) {
    return is_schedulable(node) && !address_of(node).empty();
  });
  if (needs_address && !has_address) {
    complaints.add("serviceType",
                   "no node has an ExternalIP or InternalIP; NodePort needs one, choose "
                   "LoadBalancer");
  }
}

void Attachment::check_base_image(AgentRegistry& registry, domain::Complaints& complaints) const {
  const std::string& image = attachment_.default_base_image;
  if (image.empty()) return;
  auto there = registry.pinned(image);
  if (!there) {
    complaints.add("defaultBaseImage",
                   fmt::format("{} cannot be pulled: {}; images of environments are built here, so "
                               "its registry must be reached from here",
                               image, there.error().message));
  } else if (!*there) {
    complaints.add("defaultBaseImage", fmt::format("{} is not in its registry; push it, or name "
                                                   "another with --default-base-image",
                                                   image));
  }
}

void Attachment::check_registry(AgentRegistry& registry, domain::Complaints& complaints) {
  if (auto reached = registry.ping(); !reached) {
    const std::string& why = reached.error().message;
    bool is_plain = why.find("does not speak TLS") != std::string::npos;
    complaints.add("registry", fmt::format("{}; it must be reached under this name from here and "
                                           "from the nodes{}",
                                           why,
                                           is_plain ? ". --registry-plain-http is for a registry "
                                                      "without TLS, if the nodes are told so too"
                                                    : ""));
    return;
  }
  auto there = registry.pinned(attachment_.agent_image);
  if (!there) {
    complaints.add("agentImage", there.error().message);
  } else if (!*there) {
    complaints.add("agentImage",
                   fmt::format("{} is not in the registry; `scripts/images agent` builds "
                               "and pushes it, --agent-image names another",
                               attachment_.agent_image));
  }
}

}  // namespace tidegate::backend::kubernetes
