#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "domain/complaints.h"
#include "domain/compute.h"

namespace tidegate::control {

// Whether a PUT of a compute target asks for a cluster: it has properties.tidegate, or its type is
// Kubernetes. Without either, AKS is a process target of this machine.
bool wants_cluster(const Json& body);

struct ClusterRequest {
  domain::ClusterAttachment attachment;  // without scoring base and link token
  std::string description;
  bool dry_run = false;
};

// properties.tidegate {kubeconfig, namespace, serviceType, registry, globalRegistry, agentImage,
// defaultBaseImage, dryRun} and properties.properties.clusterPurpose. version: of this program, for
// the default agent image.
ClusterRequest read_cluster_request(const Json& body, std::string_view workspace,
                                    std::string_view version, domain::Complaints& complaints);

}  // namespace tidegate::control
