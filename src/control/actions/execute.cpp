#include <algorithm>

#include "control/actions/actions.h"

namespace tidegate::control {

void execute(Context& context, const ServiceWanted& service, const Action& action) {
  std::visit([&](const auto& one) { act(context, service, one); }, action);
}

const VersionWanted* find_version(const ServiceWanted& service, const std::string& version_id) {
  auto found = std::ranges::find(service.versions, version_id,
                                 [](const VersionWanted& one) { return one.version.id; });
  return found == service.versions.end() ? nullptr : &*found;
}

const store::Replica* find_replica(const ServiceWanted& service, const std::string& replica_id) {
  for (const VersionWanted& wanted : service.versions) {
    auto found = std::ranges::find(wanted.replicas, replica_id, &store::Replica::id);
    if (found != wanted.replicas.end()) return &*found;
  }
  return nullptr;
}

void begin_job(Context& context, const std::string& version_id) {
  VersionMemory& memory = context.memory.versions[version_id];
  memory.busy = true;
  memory.busy_since = context.clock.mono();
}

void end_job(Context& context, const std::string& version_id) {
  context.memory.versions[version_id].busy = false;
  context.kick();
}

void note_crash(Context& context, const std::string& version_id, const std::string& failure) {
  VersionMemory& memory = context.memory.versions[version_id];
  ++memory.crashes;
  memory.last_crash = context.clock.mono();
  memory.start_after = memory.last_crash + back_off(memory.crashes);
  memory.last_failure = failure;
}

}  // namespace tidegate::control
