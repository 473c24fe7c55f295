#pragma once

#include <memory>
#include <string>

#include "control/cluster_parts.h"
#include "control/context.h"
#include "control/reconciler.h"

namespace tidegate::control {

// What all compute targets of a control use together. Outlives them.
struct Shared {
  const ControlOptions& options;
  const Clock& clock;
  Random& random;
  os::CommandRunner& runner;
  store::Store& store;
  http::Loop& loop;
  Targets& targets;
  Secret api_token;
  Secret signing_key;
};

struct TargetParts {
  std::unique_ptr<ClusterParts> cluster;  // null: processes of this machine
  backend::Backend& backend;
  std::unique_ptr<EnvironmentProvider> environments;
  std::unique_ptr<Routers> routers;
  os::Path table_file;
  int pool_threads = 4;
  // Which services it has to look after.
  std::function<bool(const domain::ServiceSpec&)> owns;
};

// One place where services run, with threads of its own, so that one that is away holds up no
// other. Belongs to the loop's thread.
class Target {
 public:
  Target(const Shared& shared, TargetParts parts);

  // Goes on with the table on disk and begins to look. Returns at once.
  Result<> start();
  // No more actions. What runs goes on; once is_idle(), destroying waits for nothing.
  void stop() { reconciler_.stop(); }
  bool is_idle() const { return lane_.is_idle() && pool_.is_idle(); }
  void kick() { reconciler_.kick(); }
  Context& context() { return context_; }
  Routers& routers() { return *routers_; }

 private:
  std::unique_ptr<ClusterParts> cluster_;
  std::unique_ptr<EnvironmentProvider> environments_;
  std::unique_ptr<Routers> routers_;
  Memory memory_;
  Traffic traffic_;
  Workers lane_;
  Workers pool_;
  Context context_;
  Reconciler reconciler_;
};

}  // namespace tidegate::control
