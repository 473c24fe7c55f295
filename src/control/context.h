#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "control/environment_provider.h"
#include "control/observed.h"
#include "control/options.h"
#include "control/plan.h"
#include "control/routers.h"
#include "control/traffic.h"
#include "control/workers.h"
#include "os/process.h"
#include "store/store.h"

namespace tidegate::control {

// What a running control remembers between two looks at the backend. Lost with the process.
struct Memory {
  std::map<std::string, ReplicaSeen> replicas;
  std::map<std::string, VersionMemory> versions;
  std::vector<backend::Replica> last_seen;                    // as the backend last showed it
  std::map<std::string, std::string> waiting_for;             // by operation id, for people
  std::string isolation;                                      // the backend's
  std::map<std::string, backend::VersionSeen> versions_seen;  // of backends that keep the count
};

class Targets;

// The parts of a running control as one compute target sees them, for those who do its work: REST
// has those of this machine, and asks `targets` for those of a service. Everything here belongs to
// the loop's thread except blobs and logs of the store, environments, runner, clock and (on
// workers) backend.
struct Context {
  const ControlOptions& options;
  const Clock& clock;
  Random& random;
  os::CommandRunner& runner;
  backend::Backend& backend;
  store::Store& store;
  EnvironmentProvider& environments;
  Workers& lane;  // one thread: observe, start, stop, forget, in order
  Workers& pool;  // environments, layouts, checks, removals, logs
  Routers& links;
  Traffic& traffic;
  Memory& memory;
  Targets& targets;                                      // all of them
  std::function<bool(const domain::ServiceSpec&)> owns;  // whether the service runs here
  PlanLimits limits;
  Secret api_token;            // what a client of the REST API shows
  Secret signing_key;          // for URIs that carry their own right
  std::function<void()> kick;  // something changed: look at the world soon
};

}  // namespace tidegate::control
