// Deciding for backends that keep the count themselves (a cluster's Deployments): there are no rows
// of replicas, a version is given a number and shows what became of it. Pure, as plan().
#pragma once

#include "control/plan.h"

namespace tidegate::control {

std::vector<Action> plan_deployment(const ServiceWanted& service, const Observed& observed,
                                    const PlanLimits& limits, MonoTime now);

// nullptr: the backend does not show it.
const backend::VersionSeen* find_version_seen(const Observed& observed,
                                              const std::string& version_id);
// Whether it has to be made again: nothing of it is there.
bool is_missing(const backend::VersionSeen* seen);
int ready_pods(const Observed& observed, const std::string& version_id);

// How long a version on its way may be in this trouble.
Milliseconds patience_for(const backend::Trouble& trouble, const domain::ServiceSpec& spec,
                          const PlanLimits& limits);

// As describe_wait() of progress.h.
std::string describe_deployment_wait(const ServiceWanted& service, const Observed& observed,
                                     MonoTime now);

}  // namespace tidegate::control
