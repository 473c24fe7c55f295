// How a container ended, from its status in a pod. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/json.h"

namespace tidegate::backend::kubernetes {

struct ContainerEnd {
  std::string container_id;  // as `containerID` in the status of the run that ended
  ReplicaExit exit;
  std::string reason;      // "Error", "OOMKilled", "StartError", ...
  std::string message;     // the termination message, or the last lines of the log
  std::string started_at;  // as the API server writes times
  std::string finished_at;
  bool never_ran() const;  // the runtime could not start its program
};

// All that the status knows, the latest first: of its run, and of the one before.
std::vector<ContainerEnd> ends_of(const Json& container_status);
// Of the run before this one, if it runs again. nullopt: it has never ended.
std::optional<ContainerEnd> last_end_of(const Json& container_status);

// What the scoring server writes when it gives up (python/server, startup.py).
struct StartupError {
  std::string stage;  // "start", "import", "check", "init"; empty: it wrote nothing we can read
  std::string message;
  std::string traceback;
};
StartupError startup_error_of(const ContainerEnd& end);

// "2026-11-24T15:23:38Z" minus another such, in seconds; 0 if one is no time.
long seconds_between(const std::string& from, const std::string& to);

}  // namespace tidegate::backend::kubernetes
