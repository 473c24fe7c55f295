#include "control/plan_version.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::control {
namespace {

using backend::ReplicaPhase;
using store::Replica;

// The script itself failed (scoring server): starting it again would only repeat that.
constexpr int kScriptFailed = 3;

// Out of the table, then drained, then stopped, then gone.
void plan_retiring(const VersionWanted& wanted, const Replica& replica, const PlanInput& in,
                   Actions& out) {
  const ReplicaSeen* seen = find_seen(in.observed, replica.id);
  if (seen == nullptr || seen->phase == ReplicaPhase::exited) {
    out.push_back(ForgetReplica{replica.id});
    return;
  }
  if (seen->stop_asked || seen->phase == ReplicaPhase::stopping) return;
  const auto& settings = wanted.version.spec.settings;
  auto traffic = in.observed.traffic.find(replica.id);
  if (traffic != in.observed.traffic.end()) {
    if (traffic->second.in_table) return;
    MonoTime at_last = traffic->second.left_table + Milliseconds(settings.scoring_timeout_ms) +
                       in.limits.drain_slack;
    if (!traffic->second.drained && in.now < at_last) return;
  }
  out.push_back(
      StopReplica{replica.id, stop_grace_of(wanted.version.spec, replica.was_ready, in.limits)});
}

void plan_missing(const VersionWanted& wanted, int live, const PlanInput& in, Actions& out) {
  if (in.now < memory_of(in.observed, wanted.version.id).start_after) return;
  for (int i = live; i < wanted_count(wanted); ++i) out.push_back(AddReplica{wanted.version.id});
}

// More than wanted: those that never were ready go first, then the newest.
void plan_surplus(const VersionWanted& wanted, std::vector<const Replica*> live, Actions& out) {
  int surplus = static_cast<int>(live.size()) - wanted_count(wanted);
  std::ranges::stable_sort(live, [](const Replica* a, const Replica* b) {
    return std::pair(a->was_ready, b->created) < std::pair(b->was_ready, a->created);
  });
  for (int i = 0; i < surplus; ++i) {
    out.push_back(RetireReplica{wanted.version.id, live[static_cast<std::size_t>(i)]->id,
                                "fewer replicas are wanted"});
  }
}

// Why a replica that is still alive has to be given up; empty if it need not.
std::string hang_of(const VersionWanted& wanted, const Replica& replica, const ReplicaSeen& seen,
                    const PlanInput& in) {
  if (seen.phase != ReplicaPhase::starting) return {};
  const domain::Probe& probe = wanted.version.spec.settings.probe;
  Milliseconds silent = std::chrono::seconds(probe.period_s * probe.failure_threshold);
  Milliseconds limit = replica.was_ready ? silent : start_limit_of(wanted.version.spec, in.limits);
  if (in.now - seen.since < limit) return {};
  return replica.was_ready ? "has not answered its probe for " + seconds(limit)
                           : "init() has not returned after " + seconds(limit);
}

enum class Place {
  kept,     // one of those wanted
  leaving,  // its place is free once the store says so: the next plan fills it, after the back-off
  free,
};

// One replica of the current version.
Place plan_serving(const VersionWanted& wanted, const Replica& replica, const PlanInput& in,
                   Actions& out) {
  const std::string& version_id = wanted.version.id;
  const ReplicaSeen* seen = find_seen(in.observed, replica.id);
  if (seen == nullptr) {
    if (in.now >= memory_of(in.observed, version_id).start_after) {
      out.push_back(StartReplica{version_id, replica.id});
    }
    return Place::kept;
  }
  if (seen->phase == ReplicaPhase::exited) {
    bool asked = seen->exit && seen->exit->asked;
    if (asked) {
      out.push_back(ForgetReplica{replica.id});
      return Place::free;
    }
    out.push_back(ReplaceReplica{version_id, replica.id});
    return Place::leaving;
  }
  if (seen->phase == ReplicaPhase::ready && !replica.was_ready) {
    out.push_back(NoteReady{replica.id});
  }
  if (std::string hang = hang_of(wanted, replica, *seen, in); !hang.empty()) {
    out.push_back(RetireReplica{version_id, replica.id, hang, /*crashed=*/true});
    return Place::leaving;
  }
  return Place::kept;
}

// One replica of a version that was never ready. False: the version has failed.
bool plan_starting(const VersionWanted& wanted, const Replica& replica, const PlanInput& in,
                   Actions& out) {
  const std::string& version_id = wanted.version.id;
  const ReplicaSeen* seen = find_seen(in.observed, replica.id);
  VersionMemory memory = memory_of(in.observed, version_id);
  if (seen == nullptr) {
    if (memory.crashes >= in.limits.crashes_max) {
      out = {FailVersion{version_id, replica.id, memory.last_failure, true, {}}};
      return false;
    }
    if (in.now >= memory.start_after) out.push_back(StartReplica{version_id, replica.id});
    return true;
  }
  if (seen->phase == ReplicaPhase::exited) {
    backend::ReplicaExit exit = seen->exit.value_or(backend::ReplicaExit{});
    bool is_final = exit.signal == 0 && exit.code == kScriptFailed;
    if (!exit.asked && (is_final || memory.crashes + 1 >= in.limits.crashes_max)) {
      out = {FailVersion{version_id, replica.id, exit.text(), true, {}}};
      return false;
    }
    out.push_back(ReplaceReplica{version_id, replica.id});
    return true;
  }
  if (std::string hang = hang_of(wanted, replica, *seen, in); !hang.empty()) {
    out = {FailVersion{version_id, replica.id, hang, /*exited=*/false, {}}};
    return false;
  }
  if (seen->phase == ReplicaPhase::ready && !replica.was_ready) {
    out.push_back(NoteReady{replica.id});
  }
  return true;
}

void plan_replicas_to_be(const VersionWanted& wanted, const PlanInput& in, Actions& out) {
  Actions mine;
  int live = 0;
  int ready = 0;
  for (const Replica& replica : wanted.replicas) {
    if (replica.retiring) {
      plan_retiring(wanted, replica, in, mine);
      continue;
    }
    if (!plan_starting(wanted, replica, in, mine)) {
      out.insert(out.end(), mine.begin(), mine.end());
      return;
    }
    const ReplicaSeen* seen = find_seen(in.observed, replica.id);
    ++live;  // one that ended too: its place is filled by the next plan, after the back-off
    ready += seen != nullptr && seen->phase == ReplicaPhase::ready ? 1 : 0;
  }
  plan_missing(wanted, live, in, mine);
  if (ready >= wanted_count(wanted)) mine.push_back(SwitchVersion{wanted.version.id});
  out.insert(out.end(), mine.begin(), mine.end());
}

}  // namespace

int wanted_count(const VersionWanted& wanted) {
  return wanted.version.spec.settings.replicas();
}

std::string seconds(MonoTime::duration time) {
  return fmt::format("{} s", std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

const ReplicaSeen* find_seen(const Observed& observed, const std::string& replica_id) {
  auto found = observed.replicas.find(replica_id);
  return found == observed.replicas.end() ? nullptr : &found->second;
}

VersionMemory memory_of(const Observed& observed, const std::string& version_id) {
  auto found = observed.versions.find(version_id);
  return found == observed.versions.end() ? VersionMemory{} : found->second;
}

bool plan_laid_out(const VersionWanted& wanted, const PlanInput& in, Actions& out) {
  VersionMemory memory = memory_of(in.observed, wanted.version.id);
  if (memory.busy || memory.building) return false;
  switch (wanted.version.step) {
    case store::VersionStep::environment:
      out.push_back(BuildEnvironment{wanted.version.id});
      return false;
    case store::VersionStep::layout:
      out.push_back(LayOutVersion{wanted.version.id});
      return false;
    case store::VersionStep::replicas:
      return true;
  }
  return false;
}

void plan_preparing(const VersionWanted& wanted, const PlanInput& in, Actions& out) {
  if (plan_laid_out(wanted, in, out)) plan_replicas_to_be(wanted, in, out);
}

void plan_current(const VersionWanted& wanted, const PlanInput& in, Actions& out) {
  std::vector<const Replica*> live;
  int leaving = 0;
  for (const Replica& replica : wanted.replicas) {
    if (replica.retiring) {
      plan_retiring(wanted, replica, in, out);
      continue;
    }
    Place place = plan_serving(wanted, replica, in, out);
    if (place == Place::kept) live.push_back(&replica);
    if (place == Place::leaving) ++leaving;
  }
  plan_missing(wanted, static_cast<int>(live.size()) + leaving, in, out);
  plan_surplus(wanted, std::move(live), out);
}

void plan_draining(const VersionWanted& wanted, const PlanInput& in, Actions& out) {
  for (const Replica& replica : wanted.replicas) {
    if (replica.retiring) {
      plan_retiring(wanted, replica, in, out);
    } else {
      out.push_back(RetireReplica{wanted.version.id, replica.id, "its version goes"});
    }
  }
  VersionMemory memory = memory_of(in.observed, wanted.version.id);
  bool may_remove = !memory.busy && in.now >= memory.start_after;
  if (wanted.replicas.empty() && may_remove) out.push_back(RemoveVersion{wanted.version.id});
}

}  // namespace tidegate::control
