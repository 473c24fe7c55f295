// Attaching a cluster: what has to be there, putting the routers into the namespace, and taking
// them out again. Effects over an API server; the manifests are router_workload.h's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "domain/complaints.h"
#include "domain/compute.h"
#include "kube/client.h"

namespace tidegate::backend::kubernetes {

// What attach asks of the workspace's registry, from here.
class AgentRegistry {
 public:
  virtual ~AgentRegistry() = default;
  virtual Result<> ping() = 0;
  // "name@sha256:…" of an image; nullopt: it is not there. A tag can be moved while nodes keep what
  // they have, so pods are given the digest.
  virtual Result<std::optional<std::string>> pinned(const std::string& image) = 0;
};

using LineSink = std::function<void(std::string_view)>;

// Lives for one attach or detach, on one thread; what it refers to outlives it. Calls block.
class Attachment {
 public:
  struct Seams {
    kube::Client& client;
    const Clock& clock;
    std::function<void(Milliseconds)> sleep;
    LineSink on_line;         // progress, for people
    std::string first_table;  // what routers begin with: they are ready once they have a table
  };
  // attached_as: "<workspace>/<compute target>", written to the cluster, so that no two attach to
  // one namespace.
  Attachment(domain::ClusterAttachment attachment, std::string attached_as, Seams seams);

  // Everything that is missing, at once; nothing is changed. Complaints are about "kubeconfig",
  // "namespace", "serviceType", "registry" and "agentImage".
  domain::Complaints check(AgentRegistry& registry);

  // The same of the image that environments without one begin with, in the registry that it names:
  // about "defaultBaseImage".
  void check_base_image(AgentRegistry& registry, domain::Complaints& complaints) const;

  // What control has to know from then on. The link token is the one that is in the namespace
  // already, if there is one: routers that run keep theirs.
  struct Installed {
    std::string scoring_base;  // "http://10.0.0.7:31080"
    Secret link_token;
  };
  // Applies everything and waits until the routers are ready, 120 s at most; Code::timed_out says
  // why they are not. What was applied stays: rollback() takes it out.
  Result<Installed> install();
  // Puts back what install() applied, where it has gone since; waits for nothing. The Service keeps
  // its node port if it can. Code::forbidden: the user lacks a right.
  enum class Restored { all, namespace_is_going };
  Result<Restored> restore();
  // After an install() that failed: takes out routers and what belongs to them, nothing else.
  Result<> rollback();

  // Removes what carries our labels, and the namespace if attach made it and nothing else is in
  // it. Code::conflict: services are deployed there, and is_forced is false. A namespace that has
  // become another control's is left alone.
  Result<> uninstall(bool is_forced);

 private:
  void check_rights(bool has_namespace, domain::Complaints& complaints);
  void check_may_make_namespace(domain::Complaints& complaints);
  void check_model_data_claim(domain::Complaints& complaints);
  void check_nodes(domain::Complaints& complaints);
  void check_namespace(domain::Complaints& complaints);
  void check_registry(AgentRegistry& registry, domain::Complaints& complaints);
  Result<> apply_namespace();
  Result<> apply_secrets();
  Result<> apply_known_secrets();
  Result<> apply_first_table();
  Result<> apply_routers(const std::function<Result<Json>(const Json& manifest)>& apply);
  Result<Json> apply_keeping_port(const Json& manifest);
  Result<> wait_for_routers();
  Result<std::string> find_scoring_base();
  Result<std::string> node_address();
  Result<> remove_all(std::string_view selector);
  Result<> remove_namespace();
  std::string deployed_services(const kube::Client::List& deployments) const;
  std::string trouble();

  domain::ClusterAttachment attachment_;
  const std::string attached_as_;
  Seams seams_;
};

// Who the namespace is attached as, by its routers' Deployment; empty: nobody.
std::string attached_as_of(const Json& deployment);
// Where the routers are reached now, by their Service: `known` with another port or address. As
// long as the Service says nothing, `known`.
std::string scoring_base_now(const std::string& known, const Json& service);
// "namespace x is being deleted"
std::string deletion_text(std::string_view kube_namespace);
// The same of an object; nullopt: it is not.
std::optional<std::string> deletion_of(const Json& kube_namespace);
// Why a router pod is not ready, one line; empty: nothing is wrong with it (yet).
std::string router_trouble(const Json& pod);
// "v1.34.4" -> whether it is 1.30 or newer.
bool is_version_offered(std::string_view version);
// Whether a pod of ours may go there.
bool is_schedulable(const Json& node);
// ExternalIP, else InternalIP, else empty.
std::string address_of(const Json& node);

}  // namespace tidegate::backend::kubernetes
