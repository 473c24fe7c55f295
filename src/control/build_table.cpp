#include "control/build_table.h"

#include <algorithm>

#include "control/plan.h"
#include "os/sha256.h"

namespace tidegate::control {
namespace {

std::vector<table::Replica> replicas_of(const VersionWanted& wanted, const Observed& observed) {
  std::vector<table::Replica> replicas;
  for (const store::Replica& replica : wanted.replicas) {
    if (!takes_requests(replica, observed)) continue;
    replicas.push_back({replica.id, observed.replicas.at(replica.id).address});
  }
  std::ranges::sort(replicas, {}, &table::Replica::id);
  return replicas;
}

table::Version version_of(const VersionWanted& wanted, const Observed& observed) {
  const domain::DeploymentSettings& settings = wanted.version.spec.settings;
  return table::Version{.id = wanted.version.id,
                        .name = wanted.version.spec.name,
                        .max_concurrent_per_replica =
                            static_cast<std::uint32_t>(settings.max_concurrent_per_container),
                        .max_queue_wait = Milliseconds(settings.max_queue_wait_ms),
                        .scoring_timeout = Milliseconds(settings.scoring_timeout_ms),
                        .replicas = replicas_of(wanted, observed)};
}

std::vector<std::string> key_hashes(const domain::Keys& keys) {
  std::vector<std::string> hashes;
  for (const Secret* key : {&keys.primary, &keys.secondary}) {
    if (!key->empty()) hashes.push_back(os::sha256(key->reveal()));
  }
  return hashes;
}

}  // namespace

std::vector<table::Service> build_table(const World& world, const Observed& observed) {
  std::vector<table::Service> services;
  for (const ServiceWanted& wanted : world.services) {
    const VersionWanted* current = wanted.current();
    if (wanted.stored.deleting || current == nullptr) continue;
    const domain::ServiceSpec& spec = current->version.spec;
    services.push_back({.workspace = spec.workspace,
                        .name = spec.name,
                        .auth_enabled = spec.settings.auth_enabled,
                        .key_sha256 = key_hashes(wanted.stored.service.keys),
                        .versions = {version_of(*current, observed)}});
  }
  std::ranges::sort(services, {}, [](const table::Service& service) {
    return std::pair(service.workspace, service.name);
  });
  return services;
}

}  // namespace tidegate::control
