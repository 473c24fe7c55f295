#pragma once

#include <memory>

#include "backend/kubernetes/attachment.h"
#include "base/error.h"
#include "domain/compute.h"
#include "kube/client.h"
#include "oci/registry.h"

namespace tidegate::control {

// How attach and detach reach a cluster and its registry. Safe from any thread.
class ClusterAccess {
 public:
  virtual ~ClusterAccess() = default;
  // Whoever has the client talks to the cluster of the attachment's kubeconfig. Code::invalid: it
  // cannot be read. Nothing is sent yet.
  virtual Result<std::unique_ptr<kube::Client>> connect(
      const domain::ClusterAttachment& attachment) = 0;
  virtual std::unique_ptr<backend::kubernetes::AgentRegistry> registry(
      const domain::RegistryAccess& access) = 0;
};

oci::RegistryOptions options_of(const domain::RegistryAccess& access);

// The real one; http outlives it and is safe from any thread.
std::unique_ptr<ClusterAccess> make_cluster_access(fetch::Client& http);

}  // namespace tidegate::control
