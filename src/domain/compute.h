#pragma once

#include <string>

#include "base/clock.h"

namespace tidegate::domain {

enum class ComputeKind { process, kubernetes };

// Where services run. `machine` is there from the start; every kind is shown to clients of the
// platform as AKS.
struct ComputeTarget {
  std::string name;
  std::string workspace;
  ComputeKind kind = ComputeKind::process;
  std::string description;
  WallTime created;
};

}  // namespace tidegate::domain
