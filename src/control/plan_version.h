// Inside of the plan: what one version needs, by its phase.
#pragma once

#include "control/plan.h"

namespace tidegate::control {

struct PlanInput {
  const Observed& observed;
  const PlanLimits& limits;
  MonoTime now;
};

using Actions = std::vector<Action>;

void plan_preparing(const VersionWanted& version, const PlanInput& in, Actions& out);
void plan_current(const VersionWanted& version, const PlanInput& in, Actions& out);
void plan_draining(const VersionWanted& version, const PlanInput& in, Actions& out);

// Absent entries read as the default.
const ReplicaSeen* find_seen(const Observed& observed, const std::string& replica_id);
// Something that failed is still being cleared away: a version newer than the one that serves.
bool is_clearing(const ServiceWanted& service);
VersionMemory memory_of(const Observed& observed, const std::string& version_id);

}  // namespace tidegate::control
