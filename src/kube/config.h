// Where an API server is and who we are to it: a kubeconfig, or what a pod is given.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"
#include "fetch/client.h"
#include "os/file.h"

namespace tidegate::kube {

struct Config {
  std::string server;  // "https://10.0.0.1:6443", without a slash at the end
  fetch::Tls tls;
  Secret token;         // bearer token, may be empty
  os::Path token_file;  // read anew for each call instead of `token`, unless empty (it is rotated)
  std::string namespace_;
  std::string user;  // for people: the context's user
};

// The current context of a kubeconfig. Certificates may be inline (…-data) or files (relative to
// `folder`): all end up in the Config, so that it can be kept without the files. Code::invalid
// names the key; exec and auth-provider plugins are refused with a hint.
Result<Config> parse_kubeconfig(std::string_view yaml, const os::Path& folder);
// The same with everything inline, as kubeconfig YAML (JSON is YAML): what the store keeps.
Secret to_kubeconfig(const Config& config);
// In a pod: KUBERNETES_SERVICE_HOST/PORT and the mounted service account (`mount`, usually
// /var/run/secrets/kubernetes.io/serviceaccount).
Result<Config> in_cluster_config(const os::Path& mount);

}  // namespace tidegate::kube
