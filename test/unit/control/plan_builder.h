// Small builders for tables of states, and a way to write actions as text.
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "control/plan.h"

namespace tidegate::control {

inline const MonoTime kNow{std::chrono::hours(1)};

inline std::string text_of(const Action& action) {
  struct {
    std::string operator()(const BuildEnvironment& a) { return "environment " + a.version_id; }
    std::string operator()(const LayOutVersion& a) { return "layout " + a.version_id; }
    std::string operator()(const RemoveVersion& a) { return "remove " + a.version_id; }
    std::string operator()(const ScaleVersion& a) {
      return fmt::format("scale {} to {}", a.version_id, a.count);
    }
    std::string operator()(const NoteTrouble& a) {
      return "note " + a.version_id + ": " + a.trouble.code;
    }
    std::string operator()(const AddReplica& a) { return "add " + a.version_id; }
    std::string operator()(const StartReplica& a) { return "start " + a.replica_id; }
    std::string operator()(const NoteReady& a) { return "ready " + a.replica_id; }
    std::string operator()(const RetireReplica& a) {
      return (a.crashed ? "retire hung " : "retire ") + a.replica_id;
    }
    std::string operator()(const StopReplica& a) {
      return fmt::format("stop {} in {} ms", a.replica_id, a.grace.count());
    }
    std::string operator()(const ForgetReplica& a) { return "forget " + a.replica_id; }
    std::string operator()(const ReplaceReplica& a) { return "replace " + a.replica_id; }
    std::string operator()(const SwitchVersion& a) { return "switch " + a.version_id; }
    std::string operator()(const FailVersion& a) {
      return "fail " + a.version_id + ": " + a.reason;
    }
    std::string operator()(const FinishOperation&) { return "finish"; }
    std::string operator()(const FailOperation& a) { return "fail operation: " + a.reason; }
    std::string operator()(const RemoveService&) { return "remove service"; }
    std::string operator()(const SetState& a) {
      return "state " + std::string(domain::state_name(a.state));
    }
  } visitor;
  return std::visit(visitor, action);
}

inline std::vector<std::string> texts_of(const std::vector<Action>& actions) {
  std::vector<std::string> texts;
  for (const Action& action : actions) texts.push_back(text_of(action));
  return texts;
}

// A service as the store has it: versions and replicas are added in order.
class ServiceBuilder {
 public:
  ServiceBuilder() {
    wanted_.stored.service.id = "s";
    wanted_.stored.service.state = domain::ServiceState::healthy;
    wanted_.stored.service.generation = 0;
  }
  ServiceBuilder& state(domain::ServiceState state) {
    wanted_.stored.service.state = state;
    return *this;
  }
  ServiceBuilder& operation(std::string error = {}) {
    wanted_.operation.emplace();
    wanted_.operation->operation.error = std::move(error);
    wanted_.stored.service.state = domain::ServiceState::transitioning;
    return *this;
  }
  ServiceBuilder& deleting() {
    wanted_.stored.deleting = true;
    return *this;
  }
  ServiceBuilder& version(int generation, store::VersionPhase phase, int replicas = 1,
                          store::VersionStep step = store::VersionStep::replicas) {
    store::Version version;
    version.id = fmt::format("v{}", generation);
    version.generation = generation;
    version.phase = phase;
    version.step = step;
    version.spec.settings.num_replicas = replicas;
    if (phase == store::VersionPhase::current) wanted_.stored.service.generation = generation;
    wanted_.versions.push_back({version, {}});
    return *this;
  }
  ServiceBuilder& replica(std::string id) {
    auto& replicas = wanted_.versions.back().replicas;
    auto created = WallTime(std::chrono::seconds(replicas.size()));
    replicas.push_back({std::move(id), wanted_.versions.back().version.id, false, false, created});
    return *this;
  }
  ServiceBuilder& was_ready() {
    wanted_.versions.back().replicas.back().was_ready = true;
    return *this;
  }
  ServiceBuilder& retiring() {
    wanted_.versions.back().replicas.back().retiring = true;
    return *this;
  }
  ServiceBuilder& probe(domain::Probe probe) {
    wanted_.versions.back().version.spec.settings.probe = probe;
    return *this;
  }
  operator ServiceWanted() const { return wanted_; }

 private:
  ServiceWanted wanted_;
};

class ObservedBuilder {
 public:
  ObservedBuilder& starting(const std::string& id, Milliseconds since = Milliseconds(0)) {
    return seen(id, backend::ReplicaPhase::starting, since);
  }
  ObservedBuilder& ready(const std::string& id) {
    return seen(id, backend::ReplicaPhase::ready, Milliseconds(0));
  }
  ObservedBuilder& stopping(const std::string& id) {
    return seen(id, backend::ReplicaPhase::stopping, Milliseconds(0));
  }
  ObservedBuilder& exited(const std::string& id, backend::ReplicaExit exit) {
    seen(id, backend::ReplicaPhase::exited, Milliseconds(0));
    observed_.replicas[id].exit = exit;
    return *this;
  }
  ObservedBuilder& stop_asked(const std::string& id) {
    observed_.replicas[id].stop_asked = true;
    return *this;
  }
  ObservedBuilder& in_table(const std::string& id) {
    observed_.traffic[id].in_table = true;
    return *this;
  }
  ObservedBuilder& left_table(const std::string& id, Milliseconds ago, bool drained) {
    observed_.traffic[id] = {.in_table = false, .drained = drained, .left_table = kNow - ago};
    return *this;
  }
  ObservedBuilder& busy(const std::string& version) {
    observed_.versions[version].busy = true;
    return *this;
  }
  ObservedBuilder& crashes(const std::string& version, int count,
                           Milliseconds start_in = Milliseconds(0)) {
    observed_.versions[version].crashes = count;
    observed_.versions[version].start_after = kNow + start_in;
    observed_.versions[version].last_failure = "it broke";
    return *this;
  }
  ObservedBuilder& table_in_force() {
    observed_.table_in_force = true;
    return *this;
  }
  operator Observed() const { return observed_; }

 private:
  ObservedBuilder& seen(const std::string& id, backend::ReplicaPhase phase, Milliseconds since) {
    observed_.replicas[id].phase = phase;
    observed_.replicas[id].since = kNow - since;
    return *this;
  }
  Observed observed_;
};

}  // namespace tidegate::control
