// What a replica is started with: its environment variables and command. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/variables.h"

namespace tidegate::backend::local {

// The replica's folders as its process sees them.
struct ReplicaView {
  std::string app_root;
  std::string socket;
  std::string tmp;
  std::string storage = {};  // of the workspace; empty: out of sight
};

// The few variables of our own process that a replica gets: locale, time zone, proxies, and what
// numeric libraries read. `ours` is the whole environment.
Variables passed_on(const Variables& ours);
Variables variables_of_this_process();

struct Launch {
  const VersionPlan& plan;
  const std::string& replica_id;
  const ReplicaView& view;
  const std::string& server_path;
  const Variables& passed_on;  // with PATH
};
// All variables of the replica (spec scoring-runtime.md 7). The environment's own ones win, but for
// what our server lives by: TIDEGATE_*, AML_APP_ROOT; PATH and PYTHONPATH are put before theirs.
Variables variables_of(const Launch& launch);

// The server is started as a folder, not with -m: that would put the app root first on sys.path,
// and a types.py beside score.py would break the interpreter before our code runs.
std::vector<std::string> command_of(const VersionPlan& plan, const std::string& server_path);

}  // namespace tidegate::backend::local
