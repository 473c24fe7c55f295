// What attach puts into a namespace: the routers and all they need. Pure: manifests as functions of
// the attachment, tested as data; `deploy/kubernetes` holds the same as files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "domain/compute.h"

namespace tidegate::backend::kubernetes {

// Of ServiceAccount, Role, RoleBinding, Deployment and Service alike.
inline constexpr std::string_view kRouterName = "tidegate-router";
// Annotation of the Deployment: "<workspace>/<compute target>" that a control attached it as.
// Routers that came from files have none, and attach takes them over.
inline constexpr std::string_view kAttachedAs = "tidegate.io/attached-as";
// Of router pods: the uid of the ServiceAccount that their tokens are for. One that was made anew
// does not take the old one's tokens, so its pods are made anew too.
inline constexpr std::string_view kOfAccount = "tidegate.io/service-account";

// On the namespace if it was made by attach: only such a one is removed by detach.
Json namespace_manifest(const domain::ClusterAttachment& attachment);

// In the order in which they are applied. Without the namespace and without Secrets.
// attached_as may be empty: no annotation.
std::vector<Json> router_manifests(const domain::ClusterAttachment& attachment,
                                   std::string_view attached_as);

// The Secret of the link token, and that of the registry if it wants a user.
std::vector<Json> secret_manifests(const domain::ClusterAttachment& attachment);
// The Secret of the routing table as it begins, for when there is none yet: what control writes
// there is never overwritten by attach.
Json table_manifest(const domain::ClusterAttachment& attachment, std::string_view table);

// How many routers: 1 for DevTest, 3 for FastProd.
int router_count(const domain::ClusterAttachment& attachment);

// One manifest as YAML, in the order of its members.
std::string to_yaml(const Json& manifest);
// All that attach would apply, as one YAML stream; secret values are left out.
std::string to_yaml_stream(const domain::ClusterAttachment& attachment,
                           std::string_view attached_as);

}  // namespace tidegate::backend::kubernetes
