#include "control/plan_deployment.h"

#include <algorithm>

#include <fmt/format.h>

#include "control/failure.h"
#include "control/plan_version.h"

namespace tidegate::control {
namespace {

using backend::ReplicaPhase;
using backend::Trouble;
using backend::VersionSeen;
using domain::ServiceState;

// What was just made or asked for takes a moment until it is seen.
constexpr Milliseconds kSeenWithin{2'000};
constexpr std::string_view kUnschedulable = "Unschedulable";

const Trouble* trouble_of(const VersionWanted& wanted, const Observed& observed) {
  const VersionSeen* seen = find_version_seen(observed, wanted.version.id);
  return seen != nullptr && seen->trouble ? &*seen->trouble : nullptr;
}

constexpr std::string_view kTerminating = "NamespaceTerminating";
// Routers that start anew are not worth a word yet.
constexpr Milliseconds kRoutersPatience{5'000};

bool is_terminating(const Observed& observed) {
  return observed.routers_trouble && observed.routers_trouble->trouble.code == kTerminating;
}

// What is the matter with the routers, for longer than `patience` or for good.
std::optional<Trouble> routers_trouble(const PlanInput& in, Milliseconds patience) {
  const auto& seen = in.observed.routers_trouble;
  if (!seen) return std::nullopt;
  bool is_lasting = seen->trouble.is_final || in.now - seen->since >= patience;
  return is_lasting ? std::optional(seen->trouble) : std::nullopt;
}

bool is_whole(const VersionWanted& wanted, const Observed& observed) {
  const VersionSeen* seen = find_version_seen(observed, wanted.version.id);
  int count = wanted_count(wanted);
  return seen != nullptr && seen->wanted == count &&
         ready_pods(observed, wanted.version.id) >= count;
}

// Makes it exist and have its number.
void plan_count(const VersionWanted& wanted, const PlanInput& in, Actions& out) {
  const std::string& id = wanted.version.id;
  VersionMemory memory = memory_of(in.observed, id);
  if (memory.busy || memory.scaling || in.now < memory.start_after) return;
  if (is_terminating(in.observed)) return;  // nothing can be made there
  const VersionSeen* seen = find_version_seen(in.observed, id);
  if (is_missing(seen)) {
    bool stays_away = memory.missing_since && in.now - *memory.missing_since >= kSeenWithin;
    if (stays_away) out.push_back(LayOutVersion{id});
    return;
  }
  int count = wanted_count(wanted);
  if (seen->wanted == count) return;
  bool is_asked = memory.scaled_to == count && in.now - memory.scaled_at < kSeenWithin;
  if (!is_asked) out.push_back(ScaleVersion{id, count});
}

// Trouble that is not waited for any longer, with how long it was.
std::optional<Trouble> lasting_trouble(const VersionWanted& wanted, const PlanInput& in) {
  const Trouble* trouble = trouble_of(wanted, in.observed);
  if (trouble == nullptr) return std::nullopt;
  if (trouble->is_final) return *trouble;
  VersionMemory memory = memory_of(in.observed, wanted.version.id);
  Milliseconds patience = patience_for(*trouble, wanted.version.spec, in.limits);
  bool is_known = memory.trouble_code == trouble->code;
  if (!is_known || in.now - memory.trouble_since < patience) return std::nullopt;
  Trouble lasting = *trouble;
  lasting.message += fmt::format(" (tried for {})", seconds(patience));
  return lasting;
}

// A pod whose init() does not return: its name.
std::optional<std::string> hanging_pod(const VersionWanted& wanted, const PlanInput& in) {
  Milliseconds limit = start_limit_of(wanted.version.spec, in.limits);
  for (const auto& [id, seen] : in.observed.replicas) {
    bool hangs = seen.version_id == wanted.version.id && seen.phase == ReplicaPhase::starting &&
                 in.now - seen.since >= limit;
    if (hangs) return id;
  }
  return std::nullopt;
}

std::optional<FailVersion> failure_of(const VersionWanted& wanted, const PlanInput& in) {
  const std::string& id = wanted.version.id;
  if (auto trouble = lasting_trouble(wanted, in)) {
    return FailVersion{id, trouble->replica_id, trouble->code + ": " + trouble->message, true,
                       trouble};
  }
  VersionMemory memory = memory_of(in.observed, id);
  if (memory.crashes >= in.limits.crashes_max) {
    return FailVersion{id, "", memory.last_failure, true, {}};
  }
  if (auto trouble = routers_trouble(in, in.limits.routers_limit)) {
    return FailVersion{id, "", trouble->code + ": " + trouble->message, true, trouble};
  }
  // Trouble has a limit of its own and says more.
  if (trouble_of(wanted, in.observed) != nullptr) return std::nullopt;
  auto pod = hanging_pod(wanted, in);
  if (!pod) return std::nullopt;
  Milliseconds limit = start_limit_of(wanted.version.spec, in.limits);
  return FailVersion{id, *pod, "init() has not returned after " + seconds(limit), false, {}};
}

void plan_note(const VersionWanted& wanted, const PlanInput& in, Actions& out) {
  const Trouble* trouble = trouble_of(wanted, in.observed);
  std::optional<Trouble> of_routers = routers_trouble(in, kRoutersPatience);
  if (trouble == nullptr && of_routers) trouble = &*of_routers;
  if (trouble == nullptr) return;
  VersionMemory memory = memory_of(in.observed, wanted.version.id);
  if (memory.trouble_told == text_of(*trouble)) return;
  out.push_back(NoteTrouble{wanted.version.id, *trouble});
}

void plan_coming_up(const VersionWanted& wanted, const PlanInput& in, Actions& out) {
  plan_note(wanted, in, out);
  if (auto failure = failure_of(wanted, in)) {
    out.push_back(std::move(*failure));
    return;
  }
  if (is_whole(wanted, in.observed)) {
    out.push_back(SwitchVersion{wanted.version.id});
    return;
  }
  plan_count(wanted, in, out);
}

// Whether no router sends anything there any more, as far as that can be waited for.
bool has_drained(const ServiceWanted& service, const VersionWanted& wanted, const PlanInput& in) {
  bool never_served = wanted.version.generation > service.stored.service.generation;
  if (never_served) return true;
  Milliseconds grace =
      Milliseconds(wanted.version.spec.settings.scoring_timeout_ms) + in.limits.drain_slack;
  auto traffic = in.observed.version_traffic.find(wanted.version.id);
  if (traffic == in.observed.version_traffic.end()) {  // left the table in an earlier life
    MonoTime first_seen = memory_of(in.observed, wanted.version.id).first_seen;
    return in.observed.table_in_force || in.now - first_seen >= grace;
  }
  if (traffic->second.in_table) return false;
  return traffic->second.drained || in.now >= traffic->second.left_table + grace;
}

void plan_draining_one(const ServiceWanted& service, const VersionWanted& wanted,
                       const PlanInput& in, Actions& out) {
  VersionMemory memory = memory_of(in.observed, wanted.version.id);
  bool may_remove = !memory.busy && in.now >= memory.start_after;
  if (may_remove && has_drained(service, wanted, in)) {
    out.push_back(RemoveVersion{wanted.version.id});
  }
}

// The pods are ready; whoever waits for routers that do not come back waits in vain.
void plan_routers(const ServiceWanted& service, const PlanInput& in, Actions& out) {
  const VersionWanted* current = service.current();
  bool is_waiting = service.operation && service.operation->operation.error.empty() &&
                    service.preparing() == nullptr && current != nullptr &&
                    !in.observed.table_in_force;
  if (!is_waiting) return;
  plan_note(*current, in, out);
  auto trouble = routers_trouble(in, in.limits.routers_limit);
  if (!trouble) return;
  out.push_back(FailOperation{service.stored.service.id, trouble->message, trouble});
}

void plan_end(const ServiceWanted& service, const PlanInput& in, Actions& out) {
  const VersionWanted* awaited = plan_operation(service, in, is_whole, out);
  if (awaited == nullptr) return plan_routers(service, in, out);
  plan_note(*awaited, in, out);
  if (auto failure = failure_of(*awaited, in)) {
    out.push_back(FailOperation{service.stored.service.id, failure->reason, failure->trouble});
  }
}

struct Shown {
  ServiceState state = ServiceState::transitioning;
  std::string reason;
  std::optional<Trouble> trouble;
};

Shown shown_in(const Trouble& trouble) {
  bool is_unschedulable = trouble.code == kUnschedulable;
  return {is_unschedulable ? ServiceState::unschedulable : ServiceState::unhealthy, trouble.message,
          trouble};
}

Shown shown_missing(const VersionWanted& current, const Observed& observed) {
  Trouble trouble;
  trouble.code = "DeploymentGone";
  trouble.message =
      fmt::format("the Deployment of version {} is gone from the cluster", current.version.id);
  std::string failure = memory_of(observed, current.version.id).last_failure;
  trouble.next_step =
      failure.empty()
          ? "It is being made again; nothing needs to be done unless it goes again."
          : fmt::format("Making it again failed: {}. Correct the cause; it is tried again.",
                        failure);
  return shown_in(trouble);
}

// The state as people should see it now, and why.
Shown shown_of(const ServiceWanted& service, const PlanInput& in) {
  const VersionWanted* current = service.current();
  const VersionWanted* preparing = service.preparing();
  bool changing = service.operation && service.operation->operation.error.empty();
  if (changing) {
    const Trouble* trouble =
        current == nullptr && preparing != nullptr ? trouble_of(*preparing, in.observed) : nullptr;
    if (trouble != nullptr && trouble->code == kUnschedulable) return shown_in(*trouble);
    return {};
  }
  if (current == nullptr) return {ServiceState::failed, "", {}};
  // Whatever pods there are: nobody gets there, or they are about to go.
  Milliseconds patience = is_terminating(in.observed) ? Milliseconds(0) : kRoutersPatience;
  if (auto trouble = routers_trouble(in, patience)) return shown_in(*trouble);
  if (ready_pods(in.observed, current->version.id) > 0) return {ServiceState::healthy, "", {}};
  const Trouble* trouble = trouble_of(*current, in.observed);
  if (trouble != nullptr) return shown_in(*trouble);
  if (is_missing(find_version_seen(in.observed, current->version.id))) {
    return shown_missing(*current, in.observed);
  }
  return {ServiceState::unhealthy, "its pods are on their way", {}};
}

void plan_state(const ServiceWanted& service, const PlanInput& in, Actions& out) {
  Shown shown = shown_of(service, in);
  const domain::Service& stored = service.stored.service;
  bool is_bad =
      shown.state == ServiceState::unhealthy || shown.state == ServiceState::unschedulable;
  // The reason may change while the state does not.
  bool is_told =
      shown.state == stored.state &&
      (!is_bad || stored.error == state_error(stored.spec.name, shown.reason, shown.trouble));
  if (is_told) return;
  out.push_back(SetState{stored.id, shown.state, std::move(shown.reason), shown.trouble});
}

std::string wait_of_pods(const VersionWanted& wanted, const Observed& observed, MonoTime now) {
  VersionMemory memory = memory_of(observed, wanted.version.id);
  if (memory.busy) return "making its objects in the cluster";
  std::string text = fmt::format("waiting for pods: {} of {} ready",
                                 ready_pods(observed, wanted.version.id), wanted_count(wanted));
  const Trouble* trouble = trouble_of(wanted, observed);
  if (trouble != nullptr) {
    return fmt::format("{}; {}: {} ({})", text, trouble->code, first_line(trouble->message),
                       seconds(now - (memory.trouble_code.empty() ? now : memory.trouble_since)));
  }
  if (memory.crashes > 0 && !memory.last_failure.empty()) text += "; " + memory.last_failure;
  return text;
}

std::string wait_of_job(const VersionWanted& wanted, const Observed& observed, MonoTime now) {
  VersionMemory memory = memory_of(observed, wanted.version.id);
  bool is_at_it = memory.busy || memory.building;
  std::string time = is_at_it ? fmt::format(" ({})", seconds(now - memory.busy_since)) : "";
  return wanted.version.step == store::VersionStep::environment
             ? "waiting for the environment's image" + time
             : "pushing source and models to the registry" + time;
}

}  // namespace

const VersionSeen* find_version_seen(const Observed& observed, const std::string& version_id) {
  auto found = observed.versions_seen.find(version_id);
  return found == observed.versions_seen.end() ? nullptr : &found->second;
}

bool is_missing(const VersionSeen* seen) {
  return seen == nullptr || (seen->trouble && seen->trouble->code == "NamespaceGone");
}

int ready_pods(const Observed& observed, const std::string& version_id) {
  return static_cast<int>(std::ranges::count_if(observed.replicas, [&](const auto& entry) {
    return entry.second.version_id == version_id && entry.second.phase == ReplicaPhase::ready;
  }));
}

Milliseconds patience_for(const Trouble& trouble, const domain::ServiceSpec& spec,
                          const PlanLimits& limits) {
  if (trouble.code == kUnschedulable) return limits.schedule_limit;
  if (trouble.code == "ImagePullFailed") return limits.pull_limit;
  return start_limit_of(spec, limits);
}

std::vector<Action> plan_deployment(const ServiceWanted& service, const Observed& observed,
                                    const PlanLimits& limits, MonoTime now) {
  PlanInput in{observed, limits, now};
  Actions out;
  const std::string& id = service.stored.service.id;
  if (service.versions.empty()) return {RemoveService{id}};  // deleted, or a create failed
  if (service.stored.deleting) {
    for (const VersionWanted& wanted : service.versions) {
      plan_draining_one(service, wanted, in, out);
    }
    return out;
  }
  for (const VersionWanted& wanted : service.versions) {
    switch (wanted.version.phase) {
      case store::VersionPhase::preparing:
        if (plan_laid_out(wanted, in, out)) plan_coming_up(wanted, in, out);
        break;
      case store::VersionPhase::current:
        plan_count(wanted, in, out);
        break;
      case store::VersionPhase::draining:
        plan_draining_one(service, wanted, in, out);
        break;
    }
  }
  plan_end(service, in, out);
  plan_state(service, in, out);
  return out;
}

std::string describe_deployment_wait(const ServiceWanted& service, const Observed& observed,
                                     MonoTime now) {
  if (!service.operation) return {};
  if (service.stored.deleting) return "waiting for requests to end and objects to go";
  if (!service.operation->operation.error.empty()) return "clearing away what failed";
  if (const VersionWanted* wanted = service.preparing()) {
    bool has_pods = wanted->version.step == store::VersionStep::replicas;
    return has_pods ? wait_of_pods(*wanted, observed, now) : wait_of_job(*wanted, observed, now);
  }
  const VersionWanted* current = service.current();
  if (current == nullptr) return {};
  if (!is_whole(*current, observed)) return wait_of_pods(*current, observed, now);
  if (observed.routers_trouble) {
    return "waiting for the cluster's routers: " + observed.routers_trouble->trouble.message;
  }
  return "waiting for the cluster's routers to apply the new routing table; "
         "`tidegate computetarget show` counts them, and attaching again puts back what is gone";
}

}  // namespace tidegate::control
