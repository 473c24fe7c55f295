#include "store/computes.h"

#include <fmt/format.h>

#include "base/ids.h"
#include "base/log.h"
#include "control/rest/route.h"
#include "control/rest/workspace_path.h"
#include "domain/names.h"
#include "http/head.h"
#include "store/services.h"

namespace tidegate::control {
namespace {

constexpr std::string_view kNote =
    "A process target: services run as processes of this machine, nothing is created in a cloud.";

// Shown to clients of the platform as AKS, with every member they look for.
Json compute_json(Context& context, const domain::ComputeTarget& target) {
  std::string base = workspace_path(*context.store.db, target.workspace);
  Json details{{"agentVmSize", nullptr},          {"agentCount", 1},
               {"clusterPurpose", "FastProd"},    {"clusterFqdn", nullptr},
               {"systemServices", Json::array()}, {"loadBalancerType", nullptr},
               {"loadBalancerSubnet", nullptr}};
  return Json{
      {"id", base + "/computes/" + target.name},
      {"name", target.name},
      {"location", "local"},
      {"type", "Microsoft.MachineLearningServices/workspaces/computes"},
      {"tags", Json::object()},
      {"properties",
       {{"computeType", "AKS"},
        {"computeLocation", "local"},
        {"description", target.description},
        {"resourceId", nullptr},
        {"provisioningState", "Succeeded"},
        {"provisioningErrors", nullptr},
        {"isAttachedCompute", false},
        {"createdOn", format_iso(target.created)},
        {"modifiedOn", format_iso(target.created)},
        {"properties", std::move(details)},
        {"tidegate",
         {{"kind", "process"}, {"isolation", context.memory.isolation}, {"note", kNote}}}}}};
}

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

void get_compute(Context& context, Request request, Responder responder) {
  auto target = store::find_compute(*context.store.db, request.workspace, request.param("name"));
  if (!target) return responder.fail(target.error());
  if (!*target) return responder.fail(unknown(request.param("name")));
  responder.send(200, compute_json(context, **target));
}

NamedValues operation_headers(Context& context, const Request& request, const std::string& name) {
  return {{"Azure-AsyncOperation", fmt::format("{}{}/computes/{}/operations/{}", request.base_url,
                                               workspace_path(*context.store.db, request.workspace),
                                               name, random_uuid4(context.random))}};
}

void check_new(const Json& body, const std::string& name, domain::Complaints& complaints) {
  domain::check_compute_name(name, complaints);
  const Json* properties = find_member(body, "properties");
  std::string type = properties == nullptr ? "" : text_or(*properties, "computeType", "");
  if (!http::equal_names(type, "aks")) {
    complaints.add(
        "properties.computeType",
        fmt::format("\"{}\" is not offered; AKS makes a process target on this machine", type));
  }
}

void put_compute(Context& context, Request request, Responder responder) {
  const std::string& name = request.param("name");
  auto body = request.json();
  if (!body) return responder.fail(body.error());
  auto found = store::find_compute(*context.store.db, request.workspace, name);
  if (!found) return responder.fail(found.error());
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

void delete_compute(Context& context, Request request, Responder responder) {
  const std::string& name = request.param("name");
  if (name == domain::kMachineCompute) {
    return responder.fail(Error{Code::conflict, "the compute target machine is always there"});
  }
  auto found = store::find_compute(*context.store.db, request.workspace, name);
  if (!found) return responder.fail(found.error());
  if (!*found) return responder.fail(unknown(name));
  auto users = users_of(context, request);
  if (!users) return responder.fail(users.error());
  if (!users->empty()) {
    return responder.fail(Error{
        Code::conflict, fmt::format("compute target {} is used by: {}; delete these services first",
                                    name, *users)});
  }
  auto removed = store::remove_compute(*context.store.db, request.workspace, name);
  if (!removed) return responder.fail(removed.error());
  responder.send_empty(200, operation_headers(context, request, name));
}

// A process target is there as soon as it is asked for.
void get_operation(Context&, Request, Responder responder) {
  responder.send(200, {{"status", "Succeeded"}});
}

constexpr Route kRoutes[] = {
    {"GET", "/rp/workspaces{WS}/computes", list_computes},
    {"GET", "/rp/workspaces{WS}/computes/{name}", get_compute},
    {"GET", "{WS}/computes", list_computes},
    {"GET", "{WS}/computes/{name}", get_compute},
    {"PUT", "{WS}/computes/{name}", put_compute, BodyKind::json},
    {"DELETE", "{WS}/computes/{name}", delete_compute},
    {"GET", "{WS}/computes/{name}/operations/{id}", get_operation},
};

}  // namespace

std::span<const Route> compute_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
