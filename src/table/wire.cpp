#include "table/wire.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

namespace tidegate::table {
namespace {

constexpr std::size_t kSha256Size = 32;

std::uint32_t to_wire_ms(Milliseconds time) {
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.count(), 0, kMost));
}

void to_wire(const Version& version, pb::Version& out) {
  out.set_id(version.id);
  out.set_name(version.name);
  out.set_weight(version.weight);
  out.set_max_concurrent_per_replica(version.max_concurrent_per_replica);
  out.set_max_queue_wait_ms(to_wire_ms(version.max_queue_wait));
  out.set_scoring_timeout_ms(to_wire_ms(version.scoring_timeout));
  for (const Replica& replica : version.replicas) {
    pb::Replica& added = *out.add_replicas();
    added.set_id(replica.id);
    added.set_address(replica.address);
    added.set_exit_record(replica.exit_record);
  }
  out.set_from_pods(version.from_pods);
}

void to_wire(const Service& service, pb::Service& out) {
  out.set_workspace(service.workspace);
  out.set_name(service.name);
  out.set_auth_enabled(service.auth_enabled);
  for (const std::string& hash : service.key_sha256) out.add_key_sha256(hash);
  for (const Version& version : service.versions) to_wire(version, *out.add_versions());
  out.set_replica_secret(service.replica_secret);
}

Result<Version> from_wire(const pb::Version& in) {
  if (in.id().empty()) return fail(Code::invalid, "a version without an id");
  if (in.max_concurrent_per_replica() == 0) {
    return fail(Code::invalid, fmt::format("version {} has a limit of 0 requests", in.id()));
  }
  Version version{.id = in.id(),
                  .name = in.name(),
                  .weight = in.weight(),
                  .max_concurrent_per_replica = in.max_concurrent_per_replica(),
                  .max_queue_wait = Milliseconds(in.max_queue_wait_ms()),
                  .scoring_timeout = Milliseconds(in.scoring_timeout_ms()),
                  .replicas = {},
                  .from_pods = in.from_pods()};
  for (const pb::Replica& replica : in.replicas()) {
    if (replica.id().empty() || replica.address().empty()) {
      return fail(Code::invalid,
                  fmt::format("version {} has a replica without id or address", in.id()));
    }
    version.replicas.push_back(Replica{
        .id = replica.id(), .address = replica.address(), .exit_record = replica.exit_record()});
  }
  return version;
}

Result<Service> from_wire(const pb::Service& in) {
  if (in.workspace().empty() || in.name().empty()) {
    return fail(Code::invalid, "a service without workspace or name");
  }
  Service service{.workspace = in.workspace(),
                  .name = in.name(),
                  .auth_enabled = in.auth_enabled(),
                  .key_sha256 = {in.key_sha256().begin(), in.key_sha256().end()},
                  .versions = {},
                  .replica_secret = in.replica_secret()};
  for (const std::string& hash : service.key_sha256) {
    if (hash.size() != kSha256Size) {
      return fail(Code::invalid, fmt::format("service {} has a key hash of {} bytes, not {}",
                                             service.name, hash.size(), kSha256Size));
    }
  }
  for (const pb::Version& version : in.versions()) {
    TIDEGATE_TRY(Version added, from_wire(version));
    service.versions.push_back(std::move(added));
  }
  return service;
}

}  // namespace

bool parse_wire(std::string_view bytes, google::protobuf::MessageLite& out) {
  constexpr std::size_t kMost = std::numeric_limits<int>::max();
  google::protobuf::LogSilencer silence;
  return bytes.size() <= kMost && out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

void to_wire(const Table& table, pb::Table& out) {
  out.set_version(table.version);
  for (const Service& service : table.services) to_wire(service, *out.add_services());
}

Result<Table> from_wire(const pb::Table& in) {
  Table table{.version = in.version(), .services = {}};
  for (const pb::Service& service : in.services()) {
    TIDEGATE_TRY(Service added, from_wire(service));
    table.services.push_back(std::move(added));
  }
  return table;
}

}  // namespace tidegate::table
