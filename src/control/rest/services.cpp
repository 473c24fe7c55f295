// Reading services.
#include "store/services.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "control/rest/filters.h"
#include "control/rest/operation_json.h"
#include "control/rest/route.h"
#include "control/rest/service_json.h"
#include "control/rest/service_replies.h"
#include "control/targets.h"
#include "http/head.h"
#include "store/versions.h"

namespace tidegate::control {
namespace {

constexpr std::size_t kLogLinesMax = 100'000;

void get_service(Context& context, Request request, Responder responder) {
  const std::string& name = request.param("name");
  auto found = find_service(context, request, name);
  if (!found) return responder.fail(found.error());
  if (*found) {
    auto json = service_json(context, **found);
    if (!json) return responder.fail(json.error());
    return responder.send(200, *json);
  }
  auto failed = find_failed_creation(context, request.workspace, name);
  if (!failed) return responder.fail(failed.error());
  if (!*failed) return responder.fail(service_not_found(name));
  auto json = failed_service_json(context, **failed);
  if (!json) return responder.fail(json.error());
  responder.send(200, *json);
}

bool uses_model(const domain::ServiceSpec& spec, const std::string& name, const std::string& id) {
  if (name.empty() && id.empty()) return true;
  for (const domain::ModelRef& ref : spec.workload.models) {
    if ((name.empty() || ref.name == name) && (id.empty() || ref.id() == id)) return true;
  }
  return false;
}

bool is_wanted(const domain::ServiceSpec& spec, const Request& request) {
  std::string name = request.query_value("name");
  std::string type = request.query_value("computeType");
  if (spec.workspace != request.workspace) return false;
  if (!name.empty() && name != spec.name) return false;
  if (!type.empty() && !http::equal_names(type, spec.compute_type)) return false;
  return uses_model(spec, request.query_value("modelName"), request.query_value("modelId")) &&
         matches_map_filter(request.query_value("tags"), spec.tags) &&
         matches_map_filter(request.query_value("properties"), spec.properties);
}

// First deployments that have failed are no services, but people look for them here.
Result<> add_failed(Context& context, const Request& request,
                    const std::vector<store::StoredService>& services, Json& value) {
  TIDEGATE_TRY(auto failed, list_failed_creations(context, request.workspace));
  for (const store::StoredOperation& one : failed) {
    bool is_service = std::ranges::any_of(services, [&](const store::StoredService& stored) {
      return stored.service.spec.workspace == request.workspace &&
             stored.service.spec.name == one.operation.service_name;
    });
    if (is_service) continue;
    TIDEGATE_TRY(domain::Service service, failed_service(one));
    if (!is_wanted(service.spec, request)) continue;
    TIDEGATE_TRY(Json json, failed_service_json(context, one));
    value.push_back(std::move(json));
  }
  return {};
}

void list_services(Context& context, Request request, Responder responder) {
  auto services = store::list_services(*context.store.db);
  if (!services) return responder.fail(services.error());
  Json value = Json::array();
  for (const store::StoredService& stored : *services) {
    if (!is_wanted(stored.service.spec, request)) continue;
    auto json = service_json(context, stored);
    if (!json) return responder.fail(json.error());
    value.push_back(std::move(*json));
  }
  if (auto added = add_failed(context, request, *services, value); !added) {
    return responder.fail(added.error());
  }
  responder.send(200, {{"value", std::move(value)}});  // no nextLink: a null one breaks clients
}

void list_keys(Context& context, Request request, Responder responder) {
  auto found = find_service(context, request, request.param("name"));
  if (!found) return responder.fail(found.error());
  if (!*found) return responder.fail(service_not_found(request.param("name")));
  const domain::Keys& keys = (*found)->service.keys;
  responder.send(
      200, {{"primaryKey", keys.primary.reveal()}, {"secondaryKey", keys.secondary.reveal()}});
}

std::size_t lines_wanted(const Request& request) {
  std::string tail = request.query_value("tail");
  std::size_t lines = 5'000;
  std::from_chars(tail.data(), tail.data() + tail.size(), lines);
  return std::min(lines, kLogLinesMax);
}

// The folders of a failed creation are gone; its operation's log has the last lines of the replica.
void send_log_of_creation(Context& context, const store::StoredOperation& operation,
                          Responder& responder) {
  auto text = context.store.logs.read(operation.operation.id, 0);
  if (!text) return responder.fail(text.error());
  responder.send(200, {{"content", *text}});
}

void get_logs(Context& context, Request request, Responder responder) {
  const std::string& name = request.param("name");
  auto found = find_service(context, request, name);
  if (!found) return responder.fail(found.error());
  if (request.query_flag("init")) return responder.send(200, {{"content", ""}});
  if (!*found) {
    auto failed = find_failed_creation(context, request.workspace, name);
    if (!failed) return responder.fail(failed.error());
    if (!*failed) return responder.fail(service_not_found(name));
    return send_log_of_creation(context, **failed, responder);
  }
  auto versions = store::list_versions_of(*context.store.db, (*found)->service.id);
  if (!versions) return responder.fail(versions.error());
  if (versions->empty()) return responder.send(200, {{"content", ""}});
  // The newest that still has a log: while an update comes up, that is what people look for.
  Context& target = context_for(context, (*found)->service.spec);
  bool started =
      target.pool.start([&backend = target.backend, id = versions->back().id,
                         lines = lines_wanted(request)] { return backend.logs(id, lines); },
                        [responder](const Result<std::string>& text) mutable {
                          if (!text) return responder.fail(text.error());
                          responder.send(200, {{"content", *text}});
                        });
  if (!started) responder.fail(Error{Code::unavailable, "too much is going on; try again"});
}

constexpr Route kRoutes[] = {
    {"GET", "/modelmanagement/v1.0{WS}/services", list_services},
    {"GET", "/modelmanagement/v1.0{WS}/services/{name}", get_service},
    {"POST", "/modelmanagement/v1.0{WS}/services/{name}/listkeys", list_keys},
    {"GET", "/modelmanagement/v1.0{WS}/services/{name}/logs", get_logs},
};

}  // namespace

ErrorBody service_not_found(const std::string& name) {
  std::string text = fmt::format("there is no service {}", name);
  return {"NotFound", 404, text, {{"ServiceNotFound", text, name}}};
}

Result<std::optional<store::StoredService>> find_service(Context& context, const Request& request,
                                                         const std::string& name) {
  return store::find_service(*context.store.db, request.workspace, name);
}

void send_accepted(Context& context, const Request& request, Responder& responder,
                   const std::string& name, const std::string& operation_id) {
  auto found = find_service(context, request, name);
  if (!found) return responder.fail(found.error());
  Json body = Json::object();
  if (*found) {
    if (auto json = service_json(context, **found)) body = std::move(*json);
  }
  if (operation_id.empty()) return responder.send(200, body);
  responder.send(202, body,
                 {{"Operation-Location", operation_url(context, request, operation_id)}});
}

std::span<const Route> service_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
