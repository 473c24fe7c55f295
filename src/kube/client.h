// An API server, as far as we need it. Objects are JSON as on the wire; paths of resources are made
// here, so that nobody else writes them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kube/config.h"

namespace tidegate::kube {

// A kind of object: where it is found.
struct Kind {
  std::string_view group;     // "" for core, "apps", "rbac.authorization.k8s.io"
  std::string_view version;   // "v1"
  std::string_view kind;      // "Deployment"
  std::string_view plural;    // "deployments"
  bool is_namespaced = true;  // false: `namespace_` is not used
};
inline constexpr Kind kPod{"", "v1", "Pod", "pods"};
inline constexpr Kind kSecret{"", "v1", "Secret", "secrets"};
inline constexpr Kind kConfigMap{"", "v1", "ConfigMap", "configmaps"};
inline constexpr Kind kService{"", "v1", "Service", "services"};
inline constexpr Kind kServiceAccount{"", "v1", "ServiceAccount", "serviceaccounts"};
inline constexpr Kind kEvent{"", "v1", "Event", "events"};
inline constexpr Kind kPersistentVolumeClaim{"", "v1", "PersistentVolumeClaim",
                                             "persistentvolumeclaims"};
inline constexpr Kind kNode{"", "v1", "Node", "nodes", false};
inline constexpr Kind kNamespace{"", "v1", "Namespace", "namespaces", false};
inline constexpr Kind kDeployment{"apps", "v1", "Deployment", "deployments"};
inline constexpr Kind kRole{"rbac.authorization.k8s.io", "v1", "Role", "roles"};
inline constexpr Kind kRoleBinding{"rbac.authorization.k8s.io", "v1", "RoleBinding",
                                   "rolebindings"};
// The kind of a manifest, from its apiVersion and kind; nullptr: not one of the above.
const Kind* kind_of(const Json& manifest);

struct Where {
  std::string namespace_;  // empty: lists and watches are of all namespaces
  std::string name;        // of one object
  std::string selector;    // labelSelector of a list, "a=b,c=d"
  std::string fields;      // fieldSelector of a list
  // Asked at least once a second; true ends a call with Code::cancelled.
  std::function<bool()> is_cancelled;
};

// One permission, as in a SelfSubjectAccessReview.
struct Access {
  std::string verb, group, resource, subresource, namespace_;
};

// Thread-safe; each call blocks, at most as long as its time limit (10 s; watches excepted).
// Errors: not_found, conflict; forbidden says verb, resource and namespace as the server does;
// unauthenticated; unavailable when the server cannot be reached (its address is named); invalid
// with the server's reason for a bad object.
class Client {
 public:
  virtual ~Client() = default;

  virtual Result<Json> get(const Kind& kind, const Where& where) = 0;
  // All items (pages are followed), with the list's metadata.resourceVersion.
  struct List {
    std::vector<Json> items;
    std::string resource_version;
  };
  virtual Result<List> list(const Kind& kind, const Where& where) = 0;
  // Server-side apply as field manager "tidegate", forced. Gives the object as it is then.
  virtual Result<Json> apply(const Json& manifest) = 0;
  // A JSON merge patch (RFC 7386).
  virtual Result<Json> patch(const Kind& kind, const Where& where, const Json& patch) = 0;
  // Deployment scale: spec.replicas.
  virtual Result<> scale(const Kind& kind, const Where& where, int replicas) = 0;
  // In the background, with what it owns. What is gone already is success.
  virtual Result<> remove(const Kind& kind, const Where& where) = 0;
  // One pod's log; container may be an init container; `previous`: of its run before.
  virtual Result<std::string> pod_log(const Where& where, std::string_view container,
                                      int tail_lines, bool previous) = 0;
  virtual Result<bool> may(const Access& access) = 0;
  // Through the API server to a port of a pod: GET `path` with our own headers.
  virtual Result<fetch::Response> proxy_get(const Where& pod, int port, std::string_view path,
                                            const fetch::Headers& headers) = 0;
  virtual Result<std::string> server_version() = 0;  // "v1.34.4"

  // Blocks: gives each event ("ADDED", "MODIFIED", "DELETED", "BOOKMARK") since `resource_version`
  // until is_cancelled (asked at least once a second) or the server ends the stream (success; call
  // again with the newest version that was seen). Code::conflict: the version is too old (410),
  // list again.
  using OnEvent = std::function<void(std::string_view type, const Json& object)>;
  virtual Result<> watch(const Kind& kind, const Where& where, const std::string& resource_version,
                         const OnEvent& on_event, const std::function<bool()>& is_cancelled) = 0;
};

// The real one, over `http` (outlives it; thread-safe).
std::unique_ptr<Client> make_client(Config config, fetch::Client& http);

}  // namespace tidegate::kube
