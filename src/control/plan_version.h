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

// Environment and layout of a version on its way; whether it has both.
bool plan_laid_out(const VersionWanted& version, const PlanInput& in, Actions& out);
// Ends an operation when the world is as promised, not when somebody has been asked to make it so.
// The version that it still waits for, nullptr if none.
using IsWhole = bool (*)(const VersionWanted& version, const Observed& observed);
const VersionWanted* plan_operation(const ServiceWanted& service, const PlanInput& in,
                                    IsWhole is_whole, Actions& out);

// Absent entries read as the default.
const ReplicaSeen* find_seen(const Observed& observed, const std::string& replica_id);
// Something that failed is still being cleared away: a version newer than the one that serves.
bool is_clearing(const ServiceWanted& service);
VersionMemory memory_of(const Observed& observed, const std::string& version_id);
int wanted_count(const VersionWanted& version);  // of replicas
std::string seconds(MonoTime::duration time);    // "12 s", for people

}  // namespace tidegate::control
