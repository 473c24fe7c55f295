#include "control/build_table.h"

#include <algorithm>

#include "control/plan.h"
#include "control/version_plan.h"
#include "os/sha256.h"

namespace tidegate::control {
namespace {

std::vector<table::Replica> replicas_of(const VersionWanted& wanted, const Observed& observed) {
  std::vector<table::Replica> replicas;
  for (const store::Replica& replica : wanted.replicas) {
    if (!takes_requests(replica, observed)) continue;
    const ReplicaSeen& seen = observed.replicas.at(replica.id);
    replicas.push_back(
        {.id = replica.id, .address = seen.address, .exit_record = seen.exit_record});
  }
  std::ranges::sort(replicas, {}, &table::Replica::id);
  return replicas;
}

table::Version version_of(const VersionWanted& wanted) {
  const domain::DeploymentSettings& settings = wanted.version.spec.settings;
  table::Version version;
  version.id = wanted.version.id;
  version.name = wanted.version.spec.name;
  version.max_concurrent_per_replica =
      static_cast<std::uint32_t>(settings.max_concurrent_per_container);
  version.max_queue_wait = Milliseconds(settings.max_queue_wait_ms);
  version.scoring_timeout = Milliseconds(settings.scoring_timeout_ms);
  return version;
}

std::vector<std::string> key_hashes(const domain::Keys& keys) {
  std::vector<std::string> hashes;
  for (const Secret* key : {&keys.primary, &keys.secondary}) {
    if (!key->empty()) hashes.push_back(os::sha256(key->reveal()));
  }
  return hashes;
}

table::Service service_of(const ServiceWanted& wanted, const VersionWanted& current) {
  const domain::ServiceSpec& spec = current.version.spec;
  table::Service service;
  service.workspace = spec.workspace;
  service.name = spec.name;
  service.auth_enabled = spec.settings.auth_enabled;
  service.key_sha256 = key_hashes(wanted.stored.service.keys);
  service.versions = {version_of(current)};
  return service;
}

bool serves(const VersionWanted& wanted) {
  return wanted.version.phase == store::VersionPhase::current;
}

// What serves; of a service that has never served, what is to: nobody is there yet, and that is
// what its callers are told.
const VersionWanted* in_table(const ServiceWanted& wanted) {
  if (wanted.stored.deleting) return nullptr;
  const VersionWanted* current = wanted.current();
  return current != nullptr ? current : wanted.preparing();
}

// Those that are known, each by the version that is or will be its current one.
template <class Fill>
std::vector<table::Service> services_of(const World& world, const Fill& fill) {
  std::vector<table::Service> services;
  for (const ServiceWanted& wanted : world.services) {
    const VersionWanted* current = in_table(wanted);
    if (current == nullptr) continue;
    table::Service service = service_of(wanted, *current);
    fill(service, wanted, *current);
    services.push_back(std::move(service));
  }
  std::ranges::sort(services, {}, [](const table::Service& service) {
    return std::pair(service.workspace, service.name);
  });
  return services;
}

}  // namespace

std::vector<table::Service> build_table(const World& world, const Observed& observed) {
  return services_of(
      world, [&](table::Service& service, const ServiceWanted&, const VersionWanted& current) {
        if (!serves(current)) return;
        service.versions.front().replicas = replicas_of(current, observed);
      });
}

std::vector<table::Service> build_cluster_table(const World& world, const Secret& signing_key) {
  return services_of(world, [&](table::Service& service, const ServiceWanted& wanted,
                                const VersionWanted& current) {
    service.versions.front().from_pods = serves(current);
    service.replica_secret = replica_secret(signing_key, wanted.stored.service.id).reveal();
  });
}

}  // namespace tidegate::control
