// The preflight of clients: what a request would be refused for, without storing anything. The
// platform answers 200 in each case; an `error` member says no.
#include <fmt/format.h>

#include "base/ids.h"
#include "control/deploy/cancel.h"
#include "control/deploy/check_spec.h"
#include "control/deploy/entry_script.h"
#include "control/deploy/no_code.h"
#include "control/rest/route.h"
#include "control/rest/service_replies.h"
#include "domain/names.h"
#include "http/head.h"
#include "store/services.h"

namespace tidegate::control {
namespace {

using domain::Complaints;

void send_verdict(Responder& responder, const Complaints& complaints) {
  if (complaints.empty()) return responder.send(200, Json::object());
  responder.send(200, {{"error", to_json(error_body(complaints))}});
}

DeployOptions options_of(const Request& request) {
  return {.strict = request.query_flag("strict"),
          .ignore_docker_steps = request.query_flag("ignoreDockerSteps")};
}

void check_name(Context& context, Request request, Responder responder) {
  Complaints complaints;
  domain::ServiceSpec spec;
  spec.workspace = request.workspace;
  spec.name = request.param("name");
  domain::check_service_name(spec.name, complaints);
  check_name_is_free(context, spec, /*overwrite=*/false, complaints);
  send_verdict(responder, complaints);
}

// Processes of this machine take no reservation of CPU or memory.
void check_resources(Context&, Request, Responder responder) {
  responder.send(200, Json::object());
}

// The spec that a script would run by, for the choice of a Python to parse it with.
domain::ServiceSpec check_create(Context& context, const Request& request, const Json& body,
                                 Complaints& complaints) {
  const Json* create = find_member(body, "createRequest");
  if (create == nullptr) {
    complaints.add("createRequest", "is missing");
    return {};
  }
  DeployOptions options = options_of(request);
  ServiceRequest wanted = read_service_request(*create, request.workspace, options, complaints);
  fill_in_no_code(context, wanted.spec, complaints);
  check_name_is_free(context, wanted.spec, wanted.overwrite, complaints);
  check_spec(context, wanted.spec, options, complaints);
  return wanted.spec;
}

domain::ServiceSpec check_update(Context& context, const Request& request, const Json& body,
                                 const store::StoredService& existing, Complaints& complaints) {
  const Json* update = find_member(body, "updateRequest");
  if (update == nullptr) {
    complaints.add("updateRequest", "is missing");
    return {};
  }
  auto wanted = wanted_spec(*context.store.db, existing);
  if (!wanted) {
    complaints.add("serviceName", wanted.error().message);
    return {};
  }
  domain::ServiceSpec spec = domain::patch_service(*wanted, *update, complaints);
  fill_in_no_code(context, spec, complaints);
  check_same_compute(context, existing.service.spec, spec, complaints);
  check_spec(context, spec, options_of(request), complaints);
  return spec;
}

domain::ServiceSpec check_by_type(Context& context, const Request& request, const Json& body,
                                  Complaints& complaints) {
  std::string type = text_or(body, "type", "");
  if (http::equal_names(type, "create")) return check_create(context, request, body, complaints);
  std::string name = text_or(body, "serviceName", "");
  auto existing = find_service(context, request, name);
  if (!existing || !*existing) {
    complaints.add("serviceName", fmt::format("there is no service {}", name));
    return {};
  }
  if (auto may = check_changeable(*context.store.db, **existing); !may) {
    complaints.add("serviceName", may.error().message);
  }
  if (http::equal_names(type, "update")) {
    return check_update(context, request, body, **existing, complaints);
  }
  if (!http::equal_names(type, "delete")) {
    complaints.add("type", fmt::format("must be Create, Update or Delete, is \"{}\"", type));
  }
  return {};
}

// A client sends the script's text along: nothing is uploaded for a script that is none.
void check_script_and_send(Context& context, const Json& script, const domain::ServiceSpec& spec,
                           Complaints complaints, Responder responder) {
  Responder kept = responder;
  bool started = context.pool.start(
      [&runner = context.runner, python = python_for_checks(context, spec),
       staging = context.options.data_dir / "staging" / ("check." + random_hex(context.random, 8)),
       name = text_or(script, "name", "score.py"), text = text_or(script, "text", ""),
       complaints = std::move(complaints)]() mutable {
        check_entry_script_text(runner, python, staging, name, text, complaints);
        return std::move(complaints);
      },
      [responder](const Complaints& found) mutable { send_verdict(responder, found); });
  if (!started) kept.fail(Error{Code::unavailable, "too much is going on; try again"});
}

void check_request(Context& context, Request request, Responder responder) {
  auto body = request.json();
  if (!body) return responder.fail(body.error());
  Complaints complaints;
  domain::ServiceSpec spec = check_by_type(context, request, *body, complaints);
  if (request.query_flag("strict")) complaints.make_strict();
  const Json* script = find_member(*body, "entryScript");
  if (script == nullptr) return send_verdict(responder, complaints);
  check_script_and_send(context, *script, spec, std::move(complaints), std::move(responder));
}

constexpr Route kRoutes[] = {
    {"POST", "/modelmanagement/v1.0{WS}/services/validate/name/{name}", check_name},
    {"POST", "/modelmanagement/v1.0{WS}/services/validate/resource", check_resources},
    {"POST", "/modelmanagement/v1.0{WS}/services/validate", check_request, BodyKind::json},
};

}  // namespace

std::span<const Route> service_check_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
