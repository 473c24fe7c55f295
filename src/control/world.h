#pragma once

#include <optional>
#include <vector>

#include "store/operations.h"
#include "store/replicas.h"
#include "store/services.h"
#include "store/versions.h"

namespace tidegate::control {

// What the store wants of one service, in one piece: plan() reads nothing else of the store.
struct VersionWanted {
  store::Version version;
  std::vector<store::Replica> replicas;  // oldest first
};

struct ServiceWanted {
  store::StoredService stored;
  std::optional<store::StoredOperation> operation;  // the one under way, if any
  std::vector<VersionWanted> versions;              // by generation

  const VersionWanted* current() const;
  const VersionWanted* preparing() const;
};

struct World {
  std::vector<ServiceWanted> services;
};

Result<World> load_world(store::Database& db);

}  // namespace tidegate::control
