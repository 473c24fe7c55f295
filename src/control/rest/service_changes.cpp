// Creating, updating and deleting services. Everything is checked before anything is stored; what
// takes a look into the uploaded source is checked on a worker.
#include <memory>

#include <fmt/format.h>

#include "base/ids.h"
#include "control/deploy/accept.h"
#include "control/deploy/cancel.h"
#include "control/deploy/check_source.h"
#include "control/deploy/check_spec.h"
#include "control/deploy/no_code.h"
#include "control/operation_notes.h"
#include "control/rest/operation_json.h"
#include "control/rest/route.h"
#include "control/rest/service_json.h"
#include "control/rest/service_replies.h"
#include "http/head.h"
#include "store/operations.h"
#include "store/services.h"
#include "store/sweep.h"

namespace tidegate::control {
namespace {

using domain::Complaints;

// One change on its way from the request to its acceptance.
struct Change {
  Change(Request asked, Responder answer)
      : request(std::move(asked)), responder(std::move(answer)) {}

  Request request;
  Responder responder;
  ServiceRequest wanted;
  std::string service_id;  // empty: a new service
  bool name_taken = false;
  Complaints complaints;

  // What was uploaded for a request that is refused goes, unless something else uses it.
  void refuse(Context& context, const ErrorBody& body) {
    log_failure("drop_upload",
                store::remove_unused_assets(*context.store.db, *context.store.blobs,
                                            request.workspace, asset_ids(wanted.spec.workload)));
    responder.fail(body);
  }
};

DeployOptions options_of(const Request& request) {
  return {.strict = request.query_flag("strict"),
          .ignore_docker_steps = request.query_flag("ignoreDockerSteps")};
}

ErrorBody body_of(const Change& change) {
  ErrorBody body = error_body(change.complaints);
  bool only_taken = change.name_taken && change.complaints.problems().size() == 1;
  if (only_taken) {
    body.code = "Conflict";
    body.status = 409;
    body.details[0].code = "ServiceNameTaken";
  }
  return body;
}

std::vector<std::string> warnings_of(const Change& change) {
  std::vector<std::string> warnings;
  for (const domain::Complaint& warning : change.complaints.warnings()) {
    warnings.push_back(domain::line_of(warning));
  }
  for (std::string& notice : notices_about(change.wanted.spec)) {
    warnings.push_back(std::move(notice));
  }
  return warnings;
}

Result<std::string> accept(Context& context, const Change& change) {
  std::vector<std::string> warnings = warnings_of(change);
  const ServiceRequest& wanted = change.wanted;
  if (change.service_id.empty()) return accept_create(context, wanted, warnings);
  return accept_update(context, change.service_id,
                       {wanted.spec, wanted.keys, wanted.options, wanted.record}, warnings);
}

void settle(Context& context, Change& change) {
  if (change.wanted.options.strict) change.complaints.make_strict();
  if (!change.complaints.empty()) return change.refuse(context, body_of(change));
  auto operation_id = accept(context, change);
  if (!operation_id) return change.refuse(context, error_body(operation_id.error()));
  send_accepted(context, change.request, change.responder, change.wanted.spec.name, *operation_id);
}

// nullopt: nothing to look into, or it cannot be found, which is complained about.
std::optional<SourceCheck> source_check(Context& context, Change& change) {
  const domain::ServiceSpec& spec = change.wanted.spec;
  const std::string where = "environmentImageRequest.assets";
  if (!spec.workload.has_code()) return std::nullopt;
  if (asset_ids(spec.workload).empty()) {
    change.complaints.add(where, "are missing: the uploaded source with the entry script");
    return std::nullopt;
  }
  auto files = source_files(context.store, spec.workspace, spec.workload);
  if (!files) {
    change.complaints.add(where, files.error().message);
    return std::nullopt;
  }
  auto script = entry_script_of(context.store, spec.workspace, spec.workload);
  if (!script) return std::nullopt;  // complained about when the request was read
  return SourceCheck{
      .files = std::move(*files),
      .entry_script = std::move(*script),
      .python = python_for_checks(context, spec),
      .staging = context.options.data_dir / "staging" / ("check." + random_hex(context.random, 8))};
}

void check_and_settle(Context& context, std::unique_ptr<Change> change) {
  auto check = source_check(context, *change);
  if (!check) return settle(context, *change);
  Responder responder = change->responder;
  bool started = context.pool.start(
      [check = std::move(*check), &runner = context.runner] { return check_source(check, runner); },
      [&context, change = std::move(change)](const Complaints& found) {
        for (const auto& problem : found.problems()) {
          change->complaints.add(problem.where, problem.what);
        }
        settle(context, *change);
      });
  if (!started) responder.fail(Error{Code::unavailable, "too much is going on; try again"});
}

void create_service(Context& context, Request request, Responder responder) {
  auto body = request.json();
  if (!body) return responder.fail(body.error());
  DeployOptions options = options_of(request);
  auto change = std::make_unique<Change>(std::move(request), std::move(responder));
  change->wanted =
      read_service_request(*body, change->request.workspace, options, change->complaints);
  fill_in_no_code(context, change->wanted.spec, change->complaints);
  const ServiceRequest& wanted = change->wanted;
  auto existing = find_service(context, change->request, wanted.spec.name);
  if (!existing) return change->refuse(context, error_body(existing.error()));
  if (*existing && wanted.overwrite) {
    auto may = check_changeable(*context.store.db, **existing);
    if (!may) return change->refuse(context, error_body(may.error()));
    change->service_id = (*existing)->service.id;
    check_same_compute(context, (*existing)->service.spec, wanted.spec, change->complaints);
  }
  std::size_t before = change->complaints.problems().size();
  check_name_is_free(context, wanted.spec, wanted.overwrite, change->complaints);
  change->name_taken = change->complaints.problems().size() > before;
  check_spec(context, wanted.spec, options, change->complaints);
  check_and_settle(context, std::move(change));
}

// The value of a patch of the whole environmentImageRequest has its assets named as in a POST.
void use_real_ids_in_patch(Json& patch) {
  if (!patch.is_array()) return;
  for (Json& operation : patch) {
    if (!operation.is_object() || text_or(operation, "path", "") != "/environmentImageRequest") {
      continue;
    }
    if (operation.contains("value")) use_real_asset_ids(operation["value"]);
  }
}

void patch_service(Context& context, Request request, Responder responder) {
  const std::string name = request.param("name");
  auto patch = request.json();
  if (!patch) return responder.fail(patch.error());
  auto existing = find_service(context, request, name);
  if (!existing) return responder.fail(existing.error());
  if (!*existing) return responder.fail(service_not_found(name));
  auto wanted = wanted_spec(*context.store.db, **existing);
  if (!wanted) return responder.fail(wanted.error());
  const domain::ServiceSpec& current = *wanted;
  DeployOptions options = options_of(request);
  auto change = std::make_unique<Change>(std::move(request), std::move(responder));
  change->service_id = (*existing)->service.id;
  use_real_ids_in_patch(*patch);
  change->wanted.options = options;
  change->wanted.record = *patch;
  change->wanted.spec = domain::patch_service(current, *patch, change->complaints);
  if (auto may = check_changeable(*context.store.db, **existing); !may) {
    return change->refuse(context, error_body(may.error()));
  }
  fill_in_no_code(context, change->wanted.spec, change->complaints);
  check_same_compute(context, current, change->wanted.spec, change->complaints);
  check_spec(context, change->wanted.spec, options, change->complaints);
  bool same_source = asset_ids(current.workload) == asset_ids(change->wanted.spec.workload);
  if (same_source) return settle(context, *change);
  check_and_settle(context, std::move(change));
}

// Nothing is left of a first deployment that has failed but its being shown.
void forget_failed(Context& context, const Request& request, Responder& responder) {
  auto failed = find_failed_creation(context, request.workspace, request.param("name"));
  if (!failed) return responder.fail(failed.error());
  if (!*failed) return responder.send_empty(204);
  auto done = store::forget_request(*context.store.db, (*failed)->operation.id);
  if (!done) return responder.fail(done.error());
  responder.send(200, Json::object());
}

void delete_service(Context& context, Request request, Responder responder) {
  const std::string& name = request.param("name");
  auto existing = find_service(context, request, name);
  if (!existing) return responder.fail(existing.error());
  if (!*existing) return forget_failed(context, request, responder);
  auto operation_id = accept_delete(context, (*existing)->service.id);
  if (!operation_id) return responder.fail(operation_id.error());
  send_accepted(context, request, responder, name, *operation_id);
}

constexpr Route kRoutes[] = {
    {"POST", "/modelmanagement/v1.0{WS}/services", create_service, BodyKind::json},
    {"PATCH", "/modelmanagement/v1.0{WS}/services/{name}", patch_service, BodyKind::json},
    {"DELETE", "/modelmanagement/v1.0{WS}/services/{name}", delete_service},
};

}  // namespace

std::span<const Route> service_change_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
