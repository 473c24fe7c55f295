#pragma once

#include <memory>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/random.h"
#include "control/cluster_parts.h"
#include "control/options.h"
#include "os/fd.h"
#include "os/process.h"

namespace tidegate::control {

// The control plane of one data folder: REST API, store, reconciler, routing table. Starts where
// the store stands: adopts what runs, goes on with operations that were under way.
class Control {
 public:
  // References outlive this. machine is used from several threads. api_listeners: HTTP, each with
  // the whole API; link_listener: where routers connect. make_cluster: of attached clusters; empty:
  // none is offered.
  Control(ControlOptions options, const Clock& clock, Random& random, os::CommandRunner& runner,
          backend::Backend& machine, std::vector<os::UniqueFd> api_listeners,
          os::UniqueFd link_listener, MakeCluster make_cluster = {});
  // Waits for jobs that run, as long as a build may take: a role that has to end soon ends its
  // process after run() instead.
  ~Control();
  Control(const Control&) = delete;

  // Works until stop(); the caller's thread is the loop. An error says why it could not begin.
  Result<> run();

  // Any thread, also before run(). stop_replicas: drains and stops those of this machine first;
  // what is wanted stays in the store, and what runs on a cluster runs on. Without it they run on,
  // and the next control adopts them.
  void stop(bool stop_replicas);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::control
