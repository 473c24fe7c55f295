#pragma once

#include <functional>
#include <memory>

#include "backend/backend.h"
#include "control/environment_provider.h"
#include "domain/compute.h"
#include "kube/client.h"

namespace tidegate::control {

// What control needs of an attached cluster. Destroyed from the last to the first.
struct ClusterParts {
  std::shared_ptr<void> owned;           // what the others refer to, if need be
  std::unique_ptr<kube::Client> client;  // for routers: the table, their pages
  std::unique_ptr<EnvironmentProvider> environments;
  std::unique_ptr<backend::Backend> backend;  // keeps_count()
};

// Makes them; app/ gives the real ones. Called on the loop's thread: returns at once, also when the
// cluster is away. An error is logged, and it is asked again later. on_change: from any thread,
// when the backend shows something new.
using MakeCluster = std::function<Result<std::unique_ptr<ClusterParts>>(
    const domain::ComputeTarget& target, std::function<void()> on_change)>;

}  // namespace tidegate::control
