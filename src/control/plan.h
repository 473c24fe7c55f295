// Deciding. Pure: the same state gives the same actions, and time is an argument. Called again and
// again; each call asks only for what can be done right now, so an action that fails is asked for
// again, and a process that starts anew goes on where the store stands.
#pragma once

#include <vector>

#include "control/action.h"
#include "control/observed.h"
#include "control/world.h"

namespace tidegate::control {

struct PlanLimits {
  Milliseconds start_limit{310'000};     // init() at least; a longer livenessProbe wins
  Milliseconds drain_slack{5'000};       // beyond the scoring timeout
  Milliseconds idle_grace{2'000};        // for replicas that never served
  int crashes_max = 3;                   // of a version that was never ready
  Milliseconds schedule_limit{300'000};  // for pods to find a node
  Milliseconds pull_limit{60'000};       // for an image that cannot be pulled
  Milliseconds routers_limit{120'000};   // for a cluster's routers to come back
};

std::vector<Action> plan(const ServiceWanted& service, const Observed& observed,
                         const PlanLimits& limits, MonoTime now);

// Replicas that run without a row in the store: stopped and forgotten.
std::vector<Action> plan_strays(const World& world, const Observed& observed,
                                const PlanLimits& limits);

// How long until the next start after `crashes` in a row: 0, 1, 2, 4 ... 30 s.
Milliseconds back_off(int crashes);
Milliseconds start_limit_of(const domain::ServiceSpec& spec, const PlanLimits& limits);
Milliseconds stop_grace_of(const domain::ServiceSpec& spec, bool was_ready,
                           const PlanLimits& limits);

// Whether requests may go to it: it has been ready, is alive and is not on its way out.
bool takes_requests(const store::Replica& replica, const Observed& observed);

}  // namespace tidegate::control
