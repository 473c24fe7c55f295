#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/kubernetes/workload.h"
#include "base/clock.h"
#include "domain/compute.h"
#include "kube/client.h"
#include "kube/live_set.h"
#include "oci/artifact.h"

namespace tidegate::backend::kubernetes {

// Pushes the pieces as one artifact to a repository of the workspace's registry; gives its digest.
using PushArtifact = std::function<Result<std::string>(const std::string& repository,
                                                       const std::vector<oci::Piece>& pieces)>;
// The real one; `registry` outlives it.
PushArtifact push_to(oci::Registry& registry);

// What the replicas of an attached cluster are made of.
WorkloadOptions workload_options_of(const domain::ClusterAttachment& attachment);

// Replicas as pods: a Deployment for each version in the attached namespace, which the cluster
// keeps at the number it is given. Thread-safe. observe() and observe_versions() read live copies
// and ask the cluster nothing, but for the namespace when versions are missing; all other calls
// block for calls to the API server, prepare() for a push as well.
//
// Errors: those of kube::Client; observe() and observe_versions() are Code::unavailable, with the
// API server's address, as long as it has been away for some seconds.
class KubernetesBackend final : public Backend {
 public:
  struct Seams {
    kube::Client& client;
    PushArtifact push;
    const Clock& clock;
    std::function<void()> on_change;  // observe() shows something new; on a thread of its own
  };
  // What the seams refer to outlives this.
  KubernetesBackend(const domain::ClusterAttachment& attachment, Seams seams);

  bool keeps_count() const override { return true; }
  // A Deployment that is there keeps its number. A namespace that is gone is made again.
  Result<> prepare(const VersionPlan& plan) override;
  Result<> scale(const std::string& version_id, int count) override;
  Result<std::vector<Replica>> observe() override;
  // Trouble NamespaceGone or NamespaceTerminating for versions of this process whose namespace was
  // deleted, or is on its way out.
  Result<std::vector<VersionSeen>> observe_versions() override;
  Result<> remove_version(const std::string& version_id) override;
  Result<std::string> logs(const std::string& version_id, std::size_t lines_max) override;
  std::string model_data_place(const std::string& workspace) const override;
  std::string isolation() const override;

  // Pods are the cluster's business: Code::internal.
  Result<> start(const VersionPlan& plan, const std::string& replica_id) override;
  Result<> stop(const std::string& replica_id, Milliseconds grace) override;
  Result<> forget(const std::string& replica_id) override;

 private:
  kube::Where here(std::string name = {}, std::string selector = {}) const;
  Result<Json> apply(const Json& manifest);
  Result<> restore_namespace();
  Result<int> replicas_now(const std::string& name);
  Result<std::string> deployment_of(const std::string& version_id);
  Result<std::string> log_of(const Json& pod, int lines_max);
  Result<std::shared_ptr<const kube::LiveSet::Objects>> fresh(const kube::LiveSet& set) const;
  bool is_refused(const kube::LiveSet& set) const;
  enum class NamespaceState { there, going, gone };
  NamespaceState namespace_state();
  void add_missing(const std::set<std::string>& seen, std::vector<VersionSeen>& out);

  const domain::ClusterAttachment attachment_;
  const WorkloadOptions options_;
  Seams seams_;

  std::mutex mutex_;
  std::map<std::string, std::string> names_;  // of Deployments made here, by version id; guarded
  MonoTime namespace_asked_;                  // guarded by mutex_
  NamespaceState namespace_state_ = NamespaceState::there;  // guarded by mutex_

  kube::LiveSet deployments_;
  kube::LiveSet pods_;
};

}  // namespace tidegate::backend::kubernetes
