#include "control/deploy/accept.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.h"
#include "base/log.h"
#include "control/deploy/cancel.h"
#include "control/operation_notes.h"
#include "control/targets.h"
#include "domain/no_code.h"
#include "store/operations.h"
#include "store/services.h"
#include "store/versions.h"

namespace tidegate::control {
namespace {

store::StoredOperation new_operation(Context& context, std::string kind,
                                     const store::StoredService& stored) {
  store::StoredOperation operation;
  operation.operation.id = random_uuid4(context.random);
  operation.operation.kind = std::move(kind);
  operation.operation.workspace = stored.service.spec.workspace;
  operation.operation.service_name = stored.service.spec.name;
  operation.operation.state = domain::OperationState::running;
  operation.operation.step = "DeployService";
  operation.operation.created = context.clock.wall();
  operation.service_id = stored.service.id;
  return operation;
}

store::Version new_version(const Context& context, const store::StoredService& stored,
                           const domain::ServiceSpec& spec, const DeployOptions& options) {
  store::Version version;
  version.service_id = stored.service.id;
  version.generation = stored.last_generation;
  version.id = fmt::format("{}.{}", stored.service.id, version.generation);
  version.spec = spec;
  version.strict = options.strict;
  version.ignore_docker_steps = options.ignore_docker_steps;
  version.created = context.clock.wall();
  return version;
}

domain::Keys complete(domain::Keys keys, Random& random) {
  if (keys.primary.empty()) keys.primary = Secret(random_key(random));
  if (keys.secondary.empty()) keys.secondary = Secret(random_key(random));
  return keys;
}

void announce(Context& context, const store::StoredOperation& stored,
              const std::vector<std::string>& warnings, const std::string& text) {
  const domain::Operation& operation = stored.operation;
  note(context, operation.id, text);
  for (const std::string& warning : warnings) note(context, operation.id, "WARNING: " + warning);
  log(Level::info, "operation_accepted",
      {{"operation", operation.id}, {"kind", operation.kind}, {"service", operation.service_name}});
}

// What was chosen for a model that comes without a script, when something is made of it.
void announce_no_code(Context& context, const domain::Operation& operation,
                      const domain::Workload& workload) {
  if (workload.framework.empty() || operation.step != "BuildEnvironment") return;
  note(context, operation.id, domain::no_code_summary(workload));
}

void take_metadata(domain::ServiceSpec& to, const domain::ServiceSpec& from) {
  to.description = from.description;
  to.tags = from.tags;
  to.properties = from.properties;
}

// Tags, properties and description: nothing that replicas or routers see.
bool is_only_metadata(const domain::ServiceSpec& from, const domain::ServiceSpec& to) {
  domain::ServiceSpec with_metadata = from;
  take_metadata(with_metadata, to);
  return domain::to_json(with_metadata) == domain::to_json(to);
}

Result<> change_current(store::Database& db, const std::string& service_id,
                        const domain::ServiceSpec& spec) {
  TIDEGATE_TRY(auto versions, store::list_versions_of(db, service_id));
  for (store::Version& version : versions) {
    if (version.phase != store::VersionPhase::current) continue;
    version.spec = spec;
    TIDEGATE_TRY_VOID(store::update_version(db, version));
  }
  return {};
}

// Also of a version on its way, which goes on.
Result<> change_metadata(store::Database& db, store::StoredService& stored,
                         const domain::ServiceSpec& spec) {
  take_metadata(stored.service.spec, spec);
  TIDEGATE_TRY(auto versions, store::list_versions_of(db, stored.service.id));
  for (store::Version& version : versions) {
    take_metadata(version.spec, spec);
    TIDEGATE_TRY_VOID(store::update_version(db, version));
  }
  return store::update_service(db, stored);
}

// Whether something serves that a change of numbers would be about.
Result<bool> has_current(store::Database& db, const std::string& service_id) {
  TIDEGATE_TRY(auto versions, store::list_versions_of(db, service_id));
  return std::ranges::any_of(versions, [](const store::Version& version) {
    return version.phase == store::VersionPhase::current;
  });
}

// A new generation beside the one that serves, or a change of the one that serves.
Result<> store_update(Context& context, store::StoredService& stored, const UpdateRequest& request,
                      store::StoredOperation& operation) {
  store::Database& db = *context.store.db;
  TIDEGATE_TRY_VOID(cancel_running(context, stored, "service update: a newer change of it"));
  TIDEGATE_TRY(bool serves, has_current(db, stored.service.id));
  bool new_replicas = !serves || domain::needs_new_replicas(stored.service.spec, request.spec);
  if (stored.service.generation == 0) stored.service.spec = request.spec;
  if (new_replicas) {
    ++stored.last_generation;
    operation.operation.step = "BuildEnvironment";
  } else {
    stored.service.spec = request.spec;
    TIDEGATE_TRY_VOID(change_current(db, stored.service.id, request.spec));
  }
  stored.service.operation_id = operation.operation.id;
  stored.service.state = domain::ServiceState::transitioning;
  stored.service.error.clear();
  TIDEGATE_TRY_VOID(store::update_service(db, stored));
  TIDEGATE_TRY_VOID(store::add_operation(db, operation));
  if (!new_replicas) return {};
  return store::add_version(db, new_version(context, stored, request.spec, request.options));
}

}  // namespace

Result<std::string> accept_create(Context& context, const ServiceRequest& request,
                                  const std::vector<std::string>& warnings) {
  store::Database& db = *context.store.db;
  // Another request may have been quicker while this one's source was looked at.
  TIDEGATE_TRY(auto taken, store::find_service(db, request.spec.workspace, request.spec.name));
  if (taken) {
    return fail(Code::conflict, fmt::format("there is a service {} already", request.spec.name));
  }
  store::StoredService stored;
  domain::Service& service = stored.service;
  service.id = fmt::format("{}-{}", request.spec.name, random_hex(context.random, 4));
  service.spec = request.spec;
  service.generation = 0;  // none serves yet
  service.keys = complete(request.keys, context.random);
  service.created = service.updated = context.clock.wall();
  store::StoredOperation operation = new_operation(context, "CreateService", stored);
  operation.operation.step = "BuildEnvironment";
  operation.operation.request = to_text(request.record);
  operation.warnings = warnings;
  service.operation_id = operation.operation.id;
  auto stored_all = db.transact([&]() -> Result<> {
    TIDEGATE_TRY_VOID(store::add_service(db, stored));
    TIDEGATE_TRY_VOID(store::add_operation(db, operation));
    return store::add_version(db, new_version(context, stored, request.spec, request.options));
  });
  if (!stored_all) return std::unexpected(stored_all.error());
  announce(context, operation, warnings,
           fmt::format("Creating service {} on {}.", request.spec.name, request.spec.compute_name));
  announce_no_code(context, operation.operation, request.spec.workload);
  context_for(context, request.spec).kick();
  return operation.operation.id;
}

Result<std::string> accept_update(Context& context, const std::string& service_id,
                                  const UpdateRequest& request,
                                  const std::vector<std::string>& warnings) {
  store::Database& db = *context.store.db;
  TIDEGATE_TRY(auto stored, store::find_service_by_id(db, service_id));
  if (!stored) return fail(Code::not_found, "the service is gone");
  TIDEGATE_TRY_VOID(check_changeable(db, *stored));
  TIDEGATE_TRY(domain::ServiceSpec wanted, wanted_spec(db, *stored));
  if (!request.keys.primary.empty()) {
    stored->service.keys = complete(request.keys, context.random);
  }
  stored->service.updated = context.clock.wall();
  if (is_only_metadata(wanted, request.spec) && request.keys.primary.empty()) {
    TIDEGATE_TRY_VOID(db.transact([&] { return change_metadata(db, *stored, request.spec); }));
    return std::string();
  }
  // One that has never served is still being created: what fails then leaves nothing.
  std::string kind = stored->service.generation == 0 ? "CreateService" : "UpdateService";
  store::StoredOperation operation = new_operation(context, std::move(kind), *stored);
  operation.operation.request = to_text(request.record);
  operation.warnings = warnings;
  TIDEGATE_TRY_VOID(
      db.transact([&] { return store_update(context, *stored, request, operation); }));
  announce(context, operation, warnings,
           fmt::format("Updating service {}.", stored->service.spec.name));
  announce_no_code(context, operation.operation, request.spec.workload);
  context_for(context, stored->service.spec).kick();
  return operation.operation.id;
}

Result<std::string> accept_delete(Context& context, const std::string& service_id) {
  store::Database& db = *context.store.db;
  TIDEGATE_TRY(auto stored, store::find_service_by_id(db, service_id));
  if (!stored) return fail(Code::not_found, "the service is gone");
  TIDEGATE_TRY_VOID(check_changeable(db, *stored));
  const store::StoredService before = *stored;
  store::StoredOperation operation = new_operation(context, "DeleteService", *stored);
  stored->deleting = true;
  stored->service.state = domain::ServiceState::transitioning;
  stored->service.operation_id = operation.operation.id;
  stored->service.updated = context.clock.wall();
  auto stored_both = db.transact([&]() -> Result<> {
    TIDEGATE_TRY_VOID(cancel_running(context, before, "service delete"));
    TIDEGATE_TRY_VOID(store::update_service(db, *stored));
    return store::add_operation(db, operation);
  });
  if (!stored_both) return std::unexpected(stored_both.error());
  announce(context, operation, {}, fmt::format("Deleting service {}.", stored->service.spec.name));
  context_for(context, stored->service.spec).kick();
  return operation.operation.id;
}

}  // namespace tidegate::control
