// What a version is in a cluster: a Secret and a Deployment. Pure functions; nothing in them
// expires, so that a pod can start at any time, whoever is down.
#pragma once

#include <string>
#include <string_view>

#include "backend/backend.h"
#include "base/json.h"

namespace tidegate::backend::kubernetes {

inline constexpr std::string_view kScoringContainer = "scoring";
inline constexpr std::string_view kPullContainer = "pull";
inline constexpr std::string_view kAppRoot = "/var/azureml-app";
inline constexpr std::string_view kServerFolder = "/var/azureml-server";
inline constexpr std::string_view kReplicaSecretKey = "replica-secret";

struct WorkloadOptions {
  std::string kube_namespace;
  std::string agent_image;  // by digest; has tidegate and the scoring server
  std::string registry;     // of the artifacts, as pods call it: "host[:port][/path]"
  bool is_plain_http = false;
  std::string pull_secret;   // a dockerconfigjson Secret of the namespace; empty: anonymous
  std::string cache_folder;  // of each node, shared by its pods; empty: none
  int cache_max_gb = 20;
  std::string model_data_claim = {};  // a PersistentVolumeClaim; empty: no model data
  std::string agent_server_folder = "/opt/tidegate/python";  // in the agent image
  int drain_seconds = 2;  // for routers to hear that a pod goes, before it goes
};

// Holds what a request must show to be let in.
Json secret_manifest(const VersionPlan& plan, const std::string& name,
                     const WorkloadOptions& options);

// `digest`: of the artifact with models and source.
Json deployment_manifest(const VersionPlan& plan, const std::string& name,
                         const std::string& digest, const WorkloadOptions& options, int replicas);

// What a replica asks for, for people: "0.1 CPU and 512Mi of memory".
std::string resources_text(const Json& container);

}  // namespace tidegate::backend::kubernetes
