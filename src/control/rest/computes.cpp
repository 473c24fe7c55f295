#include "store/computes.h"

#include <memory>

#include <fmt/format.h>

#include "backend/kubernetes/router_workload.h"
#include "base/ids.h"
#include "base/log.h"
#include "control/attach.h"
#include "control/rest/cluster_request.h"
#include "control/rest/compute_json.h"
#include "control/rest/route.h"
#include "control/rest/workspace_path.h"
#include "domain/names.h"
#include "http/head.h"
#include "store/operations.h"
#include "store/services.h"

namespace tidegate::control {
namespace {

void list_computes(Context& context, Request request, Responder responder) {
  auto targets = store::list_computes(*context.store.db, request.workspace);
  if (!targets) return responder.fail(targets.error());
  Json value = Json::array();
  for (const auto& target : *targets) value.push_back(compute_json(context, target));
  responder.send(200, {{"value", std::move(value)}});
}

ErrorBody unknown(const std::string& name) {
  return {"ComputeNotFound", 404, fmt::format("there is no compute target {}", name), {}};
}

// A target that is being attached has no row yet, but whoever asked for it looks at it.
void send_unborn(Context& context, const Request& request, Responder responder) {
  const std::string& name = request.param("name");
  auto change = running_change(context, request.workspace, name);
  if (!change) return responder.fail(change.error());
  auto shown = parse_json(*change ? (*change)->operation.request : "", "stored request");
  if (!shown) return responder.fail(unknown(name));
  responder.send(200, *shown);
}

void get_compute(Context& context, Request request, Responder responder) {
  auto target = store::find_compute(*context.store.db, request.workspace, request.param("name"));
  if (!target) return responder.fail(target.error());
  if (!*target) return send_unborn(context, request, responder);
  Json shown = compute_json(context, **target);
  if (!(*target)->cluster) return responder.send(200, shown);
  ask_routers(context, **target, [shown, responder](Json routers) mutable {
    shown["properties"]["tidegate"]["routers"] = std::move(routers);
    responder.send(200, shown);
  });
}

NamedValues operation_headers(Context& context, const Request& request, const std::string& name,
                              const std::string& id) {
  return {{"Azure-AsyncOperation",
           fmt::format("{}{}/computes/{}/operations/{}", request.base_url,
                       workspace_path(*context.store.db, request.workspace), name, id)}};
}

// Of a change that is over already.
NamedValues operation_headers(Context& context, const Request& request, const std::string& name) {
  return operation_headers(context, request, name, random_uuid4(context.random));
}

// After the checks: a second request of the same name may have come meanwhile.
void begin_attach(Context& context, const Request& request, const domain::ComputeTarget& target,
                  Responder responder) {
  auto change = running_change(context, target.workspace, target.name);
  if (!change) return responder.fail(change.error());
  if (*change) {
    return responder.fail(
        Error{Code::conflict, fmt::format("the compute target {} is being attached or detached by "
                                          "another request; wait until that has ended",
                                          target.name)});
  }
  auto id = start_attach(context, target);
  if (!id) return responder.fail(id.error());
  log(Level::info, "compute_attach", {{"compute", target.name}, {"operation", *id}});
  responder.send(201, compute_json(context, target, "Creating"),
                 operation_headers(context, request, target.name, *id));
}

// Another namespace would leave the services of this one behind.
Result<> check_attached(const domain::ComputeTarget& known, const domain::ComputeTarget& wanted) {
  if (!known.cluster) {
    return fail(Code::conflict, fmt::format("a compute target {} is there already, on this "
                                            "machine; choose another name",
                                            known.name));
  }
  const std::string& space = known.cluster->kube_namespace;
  if (space == wanted.cluster->kube_namespace) return {};
  return fail(Code::conflict,
              fmt::format("compute target {} is attached to namespace {}; detach it first",
                          known.name, space));
}

// `known`: attached already; everything but the namespace may change.
void attach_cluster(Context& context, Request request, const Json& body,
                    const std::optional<domain::ComputeTarget>& known, Responder responder) {
  domain::Complaints complaints;
  domain::ComputeTarget target;
  target.name = request.param("name");
  target.workspace = request.workspace;
  target.kind = domain::ComputeKind::kubernetes;
  target.created = context.clock.wall();
  domain::check_compute_name(target.name, complaints);
  ClusterRequest wanted =
      read_cluster_request(body, request.workspace, context.options.version, complaints);
  if (!complaints.empty()) return responder.fail(error_body(complaints));
  if (wanted.dry_run) {
    return responder.send(
        200, {{"manifests", backend::kubernetes::to_yaml_stream(
                                wanted.attachment, target.workspace + "/" + target.name)}});
  }
  target.description = wanted.description;
  target.cluster = std::move(wanted.attachment);
  if (known) {
    target.created = known->created;
    if (auto may = check_attached(*known, target); !may) return responder.fail(may.error());
  }
  auto asked = std::make_shared<Request>(std::move(request));
  check_attachment(context, target,
                   [&context, asked, target, responder](const domain::Complaints& missing) mutable {
                     if (!missing.empty()) return responder.fail(error_body(missing));
                     begin_attach(context, *asked, target, responder);
                   });
}

void check_new(const Json& body, const std::string& name, domain::Complaints& complaints) {
  domain::check_compute_name(name, complaints);
  const Json* properties = find_member(body, "properties");
  std::string type = properties == nullptr ? "" : text_or(*properties, "computeType", "");
  if (!http::equal_names(type, "aks")) {
    complaints.add("properties.computeType",
                   fmt::format("\"{}\" is not offered; AKS makes a process target on this machine, "
                               "Kubernetes attaches a cluster",
                               type));
  }
}

void put_compute(Context& context, Request request, Responder responder) {
  const std::string& name = request.param("name");
  auto body = request.json();
  if (!body) return responder.fail(body.error());
  auto found = store::find_compute(*context.store.db, request.workspace, name);
  if (!found) return responder.fail(found.error());
  if (wants_cluster(*body)) {
    return attach_cluster(context, std::move(request), *body, *found, responder);
  }
  if (*found) {
    return responder.send(200, compute_json(context, **found),
                          operation_headers(context, request, name));
  }
  domain::Complaints complaints;
  check_new(*body, name, complaints);
  if (!complaints.empty()) return responder.fail(error_body(complaints));
  domain::ComputeTarget target;
  target.name = name;
  target.workspace = request.workspace;
  target.description = text_or(*find_member(*body, "properties"), "description", "");
  target.created = context.clock.wall();
  if (auto added = store::add_compute(*context.store.db, target); !added) {
    return responder.fail(added.error());
  }
  log(Level::info, "compute_created", {{"compute", name}});
  responder.send(201, compute_json(context, target), operation_headers(context, request, name));
}

// Names of services that run on it.
Result<std::string> users_of(Context& context, const Request& request) {
  TIDEGATE_TRY(auto services, store::list_services(*context.store.db));
  std::string names;
  for (const store::StoredService& stored : services) {
    const domain::ServiceSpec& spec = stored.service.spec;
    bool uses = spec.workspace == request.workspace && spec.compute_name == request.param("name");
    if (uses) names += (names.empty() ? "" : ", ") + spec.name;
  }
  return names;
}

// Code::conflict names the services.
Result<> check_unused(Context& context, const Request& request) {
  TIDEGATE_TRY(std::string users, users_of(context, request));
  if (users.empty()) return {};
  return fail(Code::conflict,
              fmt::format("compute target {} is used by: {}; delete these services first",
                          request.param("name"), users));
}

Result<domain::ComputeTarget> removable(Context& context, const Request& request) {
  const std::string& name = request.param("name");
  if (name == domain::kMachineCompute) {
    return fail(Code::conflict, "the compute target machine is always there");
  }
  TIDEGATE_TRY(auto found, store::find_compute(*context.store.db, request.workspace, name));
  if (!found) return fail(Code::not_found, unknown(name).message);
  TIDEGATE_TRY_VOID(check_unused(context, request));
  TIDEGATE_TRY(auto change, running_change(context, request.workspace, name));
  if (!change) return *found;
  return fail(Code::conflict, fmt::format("compute target {} is being detached already", name));
}

void fail_removal(const Request& request, const Error& error, Responder responder) {
  if (error.code == Code::not_found) return responder.fail(unknown(request.param("name")));
  responder.fail(error);
}

void detach_cluster(Context& context, const Request& request, const domain::ComputeTarget& target,
                    Responder responder) {
  auto id = start_detach(context, target, request.query_flag("force"));
  if (!id) return responder.fail(id.error());
  log(Level::info, "compute_detach", {{"compute", target.name}, {"operation", *id}});
  responder.send_empty(202, operation_headers(context, request, target.name, *id));
}

void remove_row(Context& context, const Request& request, Responder responder) {
  const std::string& name = request.param("name");
  auto removed = store::remove_compute(*context.store.db, request.workspace, name);
  if (!removed) return responder.fail(removed.error());
  responder.send_empty(200, operation_headers(context, request, name));
}

void detach_compute(Context& context, Request request, Responder responder) {
  auto target = removable(context, request);
  if (!target) return fail_removal(request, target.error(), responder);
  if (!target->cluster) return remove_row(context, request, responder);
  detach_cluster(context, request, *target, std::move(responder));
}

void delete_compute(Context& context, Request request, Responder responder) {
  if (request.query_value("underlyingResourceAction") == "Detach") {
    return detach_compute(context, std::move(request), responder);
  }
  auto target = removable(context, request);
  if (!target) return fail_removal(request, target.error(), responder);
  if (!target->cluster) return remove_row(context, request, responder);
  responder.fail(Error{Code::conflict,
                       fmt::format("compute target {} is an attached cluster, which is not deleted "
                                   "from here; detach it",
                                   target->name)});
}

// A process target is there as soon as it is asked for: its operations are not kept.
void get_operation(Context& context, Request request, Responder responder) {
  auto found = store::find_operation(*context.store.db, request.param("id"));
  if (!found) return responder.fail(found.error());
  if (!*found) return responder.send(200, {{"status", "Succeeded"}});
  const domain::Operation& operation = (*found)->operation;
  bool is_over = domain::is_final(operation.state);
  Json out{{"name", operation.id},
           {"status", is_over ? domain::state_name(operation.state) : "InProgress"},
           {"startTime", format_iso(operation.created)}};
  if (is_over) out["endTime"] = format_iso(operation.ended);
  if (auto error = parse_json(operation.error, "error"); error) out["error"] = std::move(*error);
  responder.send(200, out);
}

constexpr Route kRoutes[] = {
    {"GET", "/rp/workspaces{WS}/computes", list_computes},
    {"GET", "/rp/workspaces{WS}/computes/{name}", get_compute},
    {"GET", "{WS}/computes", list_computes},
    {"GET", "{WS}/computes/{name}", get_compute},
    {"PUT", "{WS}/computes/{name}", put_compute, BodyKind::json},
    {"DELETE", "{WS}/computes/{name}", delete_compute},
    {"POST", "{WS}/computes/{name}/detach", detach_compute},
    {"GET", "{WS}/computes/{name}/operations/{id}", get_operation},
};

}  // namespace

std::span<const Route> compute_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
