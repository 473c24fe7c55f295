// Generations of services that still have folders or replicas.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/service.h"
#include "store/database.h"

namespace tidegate::store {

enum class VersionPhase {
  preparing,  // on its way to become the current one
  current,    // gets the requests
  draining,   // on its way out: replaced, failed or deleted
};

// What a preparing version has still to go through; each step is stored before the next begins.
enum class VersionStep { environment, layout, replicas };

struct Version {
  std::string id;  // "<service id>.<generation>"
  std::string service_id;
  int generation = 1;
  domain::ServiceSpec spec;
  VersionPhase phase = VersionPhase::preparing;
  VersionStep step = VersionStep::environment;
  bool strict = false;
  bool ignore_docker_steps = false;
  // Known once the environment is there.
  std::string environment_hash;
  std::string interpreter;
  std::string found_in;
  std::string image;  // by digest; empty: processes of this machine
  WallTime created;
};

std::string_view phase_name(VersionPhase phase);

// Also notes which assets and models it uses; one that does not exist is Code::conflict.
Result<> add_version(Database& db, const Version& version);
Result<> update_version(Database& db, const Version& version);  // by id, every column
// With its replicas' rows.
Result<> remove_version(Database& db, std::string_view id);
Result<std::optional<Version>> find_version(Database& db, std::string_view id);
Result<std::vector<Version>> list_versions(Database& db);  // by generation
Result<std::vector<Version>> list_versions_of(Database& db, std::string_view service_id);

}  // namespace tidegate::store
