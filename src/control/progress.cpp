#include "control/progress.h"

#include <fmt/format.h>

#include "control/plan_version.h"

namespace tidegate::control {
namespace {

using backend::ReplicaPhase;

std::string since(MonoTime begin, MonoTime now) {
  return fmt::format("({} s)",
                     std::chrono::duration_cast<std::chrono::seconds>(now - begin).count());
}

std::string wait_of_job(const VersionWanted& wanted, const Observed& observed, MonoTime now) {
  VersionMemory memory = memory_of(observed, wanted.version.id);
  std::string time = memory.busy || memory.building ? " " + since(memory.busy_since, now) : "";
  return wanted.version.step == store::VersionStep::environment
             ? "waiting for the environment" + time
             : "laying out models and source" + time;
}

std::string wait_of_replicas(const VersionWanted& wanted, const Observed& observed, MonoTime now) {
  VersionMemory memory = memory_of(observed, wanted.version.id);
  for (const store::Replica& replica : wanted.replicas) {
    if (replica.retiring) continue;
    const ReplicaSeen* seen = find_seen(observed, replica.id);
    if (seen == nullptr) return fmt::format("starting replica {}", replica.id);
    if (seen->phase == ReplicaPhase::starting) {
      return fmt::format("waiting for init() of replica {} {}", replica.id,
                         since(seen->since, now));
    }
    if (seen->phase == ReplicaPhase::exited) {
      return fmt::format("replica {} ended; starting another", replica.id);
    }
  }
  if (memory.crashes > 0 && now < memory.start_after) {
    return fmt::format("a replica ended {} time(s); next try {}", memory.crashes,
                       since(now, memory.start_after));
  }
  return "starting replicas";
}

std::string wait_of_removal(const ServiceWanted& service, const Observed& observed) {
  for (const VersionWanted& wanted : service.versions) {
    for (const store::Replica& replica : wanted.replicas) {
      const ReplicaSeen* seen = find_seen(observed, replica.id);
      bool serves = seen != nullptr && seen->phase == ReplicaPhase::ready && !seen->stop_asked;
      return serves ? fmt::format("waiting for replica {} to finish its requests", replica.id)
                    : fmt::format("waiting for replica {} to end", replica.id);
    }
  }
  return "removing folders";
}

bool is_whole(const VersionWanted& current, const Observed& observed) {
  int ready = 0;
  for (const store::Replica& replica : current.replicas) {
    if (takes_requests(replica, observed)) ++ready;
  }
  return ready >= current.version.spec.settings.replicas();
}

}  // namespace

std::string describe_wait(const ServiceWanted& service, const Observed& observed, MonoTime now) {
  if (!service.operation) return {};
  if (service.stored.deleting) return wait_of_removal(service, observed);
  if (!service.operation->operation.error.empty()) return "clearing away what failed";
  if (const VersionWanted* wanted = service.preparing()) {
    bool has_replicas = wanted->version.step == store::VersionStep::replicas;
    return has_replicas ? wait_of_replicas(*wanted, observed, now)
                        : wait_of_job(*wanted, observed, now);
  }
  const VersionWanted* current = service.current();
  if (current == nullptr) return {};
  if (!is_whole(*current, observed)) return wait_of_replicas(*current, observed, now);
  return "waiting for the router to apply the new routing table";
}

}  // namespace tidegate::control
