#pragma once

#include "base/clock.h"
#include "control/cluster_parts.h"
#include "fetch/client.h"
#include "os/file.h"
#include "os/process.h"

namespace tidegate::app {

struct ClusterWorld {
  os::Path data_dir;
  os::Path uv;
  const Clock& clock;
  os::CommandRunner& runner;
  fetch::Client& http;
};

// The real parts of attached clusters: API server, registry, images, pods. What `world` refers to
// outlives all of them.
control::MakeCluster real_clusters(const ClusterWorld& world);

}  // namespace tidegate::app
