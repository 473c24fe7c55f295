#include "control/plan.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "control/plan_version.h"

namespace tidegate::control {
namespace {

using backend::ReplicaPhase;
using domain::ServiceState;

constexpr Milliseconds kBackOffMax{30'000};

int ready_count(const VersionWanted& wanted, const Observed& observed) {
  return static_cast<int>(std::ranges::count_if(wanted.replicas, [&](const auto& replica) {
    const ReplicaSeen* seen = find_seen(observed, replica.id);
    return !replica.retiring && seen != nullptr && seen->phase == ReplicaPhase::ready;
  }));
}

bool has_ended_one(const VersionWanted& wanted, const Observed& observed) {
  return std::ranges::any_of(wanted.replicas, [&](const auto& replica) {
    const ReplicaSeen* seen = find_seen(observed, replica.id);
    return !replica.retiring && seen != nullptr && seen->phase == ReplicaPhase::exited;
  });
}

// Counted as the table counts, so that "the table is in force" is about these very replicas.
bool is_whole(const VersionWanted& current, const Observed& observed) {
  auto kept = std::ranges::count_if(current.replicas,
                                    [](const auto& replica) { return !replica.retiring; });
  auto serving = std::ranges::count_if(
      current.replicas, [&](const auto& replica) { return takes_requests(replica, observed); });
  int wanted = current.version.spec.settings.replicas();
  return kept == wanted && serving == wanted && ready_count(current, observed) == wanted;
}

void plan_end(const ServiceWanted& service, const PlanInput& in, Actions& out) {
  const VersionWanted* awaited = plan_operation(service, in, is_whole, out);
  if (awaited == nullptr) return;
  VersionMemory memory = memory_of(in.observed, awaited->version.id);
  if (memory.crashes >= in.limits.crashes_max) {
    out.push_back(FailOperation{service.stored.service.id, memory.last_failure, {}});
  }
}

// The state as people should see it now, and why.
std::pair<ServiceState, std::string> state_of(const ServiceWanted& service, const PlanInput& in) {
  bool changing = service.operation && service.operation->operation.error.empty();
  if (changing) return {ServiceState::transitioning, ""};
  const VersionWanted* current = service.current();
  if (current == nullptr) return {ServiceState::failed, ""};
  if (ready_count(*current, in.observed) > 0) return {ServiceState::healthy, ""};
  // What ended in this very moment is told once it is known why.
  if (has_ended_one(*current, in.observed)) return {service.stored.service.state, ""};
  VersionMemory memory = memory_of(in.observed, current->version.id);
  // Nothing has gone wrong: replicas are on their way, as after a start of the machine.
  if (memory.crashes == 0) return {ServiceState::transitioning, ""};
  return {ServiceState::unhealthy, memory.last_failure};
}

void plan_state(const ServiceWanted& service, const PlanInput& in, Actions& out) {
  auto [state, reason] = state_of(service, in);
  if (state == service.stored.service.state) return;
  out.push_back(SetState{service.stored.service.id, state, reason, {}});
}

void plan_deleting(const ServiceWanted& service, const PlanInput& in, Actions& out) {
  for (const VersionWanted& wanted : service.versions) plan_draining(wanted, in, out);
  if (service.versions.empty()) out.push_back(RemoveService{service.stored.service.id});
}

}  // namespace

std::vector<Action> plan(const ServiceWanted& service, const Observed& observed,
                         const PlanLimits& limits, MonoTime now) {
  PlanInput in{observed, limits, now};
  Actions out;
  if (service.stored.deleting) {
    plan_deleting(service, in, out);
    return out;
  }
  if (service.versions.empty())
    return {RemoveService{service.stored.service.id}};  // a create failed
  for (const VersionWanted& wanted : service.versions) {
    switch (wanted.version.phase) {
      case store::VersionPhase::preparing:
        plan_preparing(wanted, in, out);
        break;
      case store::VersionPhase::current:
        plan_current(wanted, in, out);
        break;
      case store::VersionPhase::draining:
        plan_draining(wanted, in, out);
        break;
    }
  }
  plan_end(service, in, out);
  plan_state(service, in, out);
  return out;
}

std::vector<Action> plan_strays(const World& world, const Observed& observed,
                                const PlanLimits& limits) {
  std::set<std::string> known;
  for (const ServiceWanted& service : world.services) {
    for (const VersionWanted& wanted : service.versions) {
      for (const store::Replica& replica : wanted.replicas) known.insert(replica.id);
    }
  }
  std::vector<Action> out;
  for (const auto& [id, seen] : observed.replicas) {
    if (known.contains(id)) continue;
    if (seen.phase == ReplicaPhase::exited) {
      out.push_back(ForgetReplica{id});
    } else if (seen.phase != ReplicaPhase::stopping && !seen.stop_asked) {
      out.push_back(StopReplica{id, limits.idle_grace});
    }
  }
  return out;
}

const VersionWanted* plan_operation(const ServiceWanted& service, const PlanInput& in,
                                    IsWhole is_whole, Actions& out) {
  if (!service.operation) return nullptr;
  const std::string& id = service.stored.service.id;
  if (!service.operation->operation.error.empty()) {
    if (!is_clearing(service)) out.push_back(FinishOperation{id});
    return nullptr;
  }
  const VersionWanted* current = service.current();
  if (service.preparing() != nullptr || current == nullptr) return nullptr;
  if (!is_whole(*current, in.observed)) return current;
  if (in.observed.table_in_force) out.push_back(FinishOperation{id});
  return nullptr;
}

bool is_clearing(const ServiceWanted& service) {
  return std::ranges::any_of(service.versions, [&](const VersionWanted& wanted) {
    return wanted.version.generation > service.stored.service.generation;
  });
}

Milliseconds back_off(int crashes) {
  if (crashes <= 1) return Milliseconds(0);
  Milliseconds delay = std::chrono::seconds(1) * (1 << std::min(crashes - 2, 10));
  return std::min(delay, kBackOffMax);
}

Milliseconds start_limit_of(const domain::ServiceSpec& spec, const PlanLimits& limits) {
  const domain::Probe& probe = spec.settings.probe;
  Milliseconds own =
      std::chrono::seconds(probe.initial_delay_s + probe.period_s * probe.failure_threshold);
  bool longer_asked = std::chrono::seconds(probe.initial_delay_s) > limits.start_limit;
  return longer_asked ? own : limits.start_limit;
}

Milliseconds stop_grace_of(const domain::ServiceSpec& spec, bool was_ready,
                           const PlanLimits& limits) {
  if (!was_ready) return limits.idle_grace;
  return Milliseconds(spec.settings.scoring_timeout_ms) + limits.idle_grace;
}

bool takes_requests(const store::Replica& replica, const Observed& observed) {
  if (replica.retiring || !replica.was_ready) return false;
  const ReplicaSeen* seen = find_seen(observed, replica.id);
  return seen != nullptr &&
         (seen->phase == ReplicaPhase::ready || seen->phase == ReplicaPhase::starting);
}

}  // namespace tidegate::control
