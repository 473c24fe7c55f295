#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/secret.h"

namespace tidegate::domain {

enum class ComputeKind { process, kubernetes };

// How many routers a cluster gets: one to try things out, three for production (spec deploy.md 13).
enum class ClusterPurpose { dev_test, fast_prod };

// A registry as nodes, pods and control call it.
struct RegistryAccess {
  std::string address;  // "host[:port][/path]"
  bool is_plain_http = false;
  std::string user;  // empty: anonymous
  Secret password;
  friend bool operator==(const RegistryAccess&, const RegistryAccess&) = default;
};

// What makes a compute target of a cluster.
struct ClusterAttachment {
  Secret kubeconfig;  // everything inline
  std::string kube_namespace;
  ClusterPurpose purpose = ClusterPurpose::fast_prod;
  std::string service_type = "NodePort";  // of the router: NodePort or LoadBalancer
  RegistryAccess registry;                // the workspace's
  RegistryAccess global_registry;         // address empty: none
  std::string agent_image;                // router, puller, init container
  std::string default_base_image;         // for environments that name none
  int node_cache_gb = 20;                 // what pods of a node keep of models and source
  std::string model_data_claim =
      {};                    // a PersistentVolumeClaim of the namespace; empty: none is collected
  std::string scoring_base;  // "http://10.0.0.7:31080", known once the router is there
  Secret link_token;         // what control shows to the routers
  friend bool operator==(const ClusterAttachment&, const ClusterAttachment&) = default;
};

// Where services run. `machine` is there from the start; every kind is shown to clients of the
// platform as AKS.
struct ComputeTarget {
  std::string name;
  std::string workspace;
  ComputeKind kind = ComputeKind::process;
  std::string description;
  WallTime created;
  std::optional<ClusterAttachment> cluster;  // kind kubernetes only
};

}  // namespace tidegate::domain
