// What the platform has no route for: health and status of this server.
#include <unistd.h>

#include "control/rest/route.h"
#include "control/targets.h"

namespace tidegate::control {
namespace {

void get_health(Context& context, Request, Responder responder) {
  responder.send(200,
                 {{"status", "ok"}, {"version", context.options.version}, {"pid", ::getpid()}});
}

Json routers_json(const Context& context) {
  Json routers = Json::array();
  for (const RouterInfo& router : context.links.routers()) {
    routers.push_back(
        {{"id", router.id}, {"pid", router.pid}, {"tableVersion", router.table_version}});
  }
  return routers;
}

void get_status(Context& context, Request, Responder responder) {
  Json clusters = Json::array();
  for (const Targets::Named& one : context.targets.clusters()) {
    Context& target = one.target->context();
    clusters.push_back({{"workspace", one.workspace},
                        {"name", one.name},
                        {"routers", routers_json(target)},
                        {"tableVersion", target.traffic.version()}});
  }
  responder.send(200, {{"version", context.options.version},
                       {"dataDir", context.options.data_dir.string()},
                       {"scoringAddress", context.options.scoring_base},
                       {"apiAddress", context.options.api_address},
                       {"isolation", context.memory.isolation},
                       {"routers", routers_json(context)},
                       {"clusters", std::move(clusters)},
                       {"tableVersion", context.traffic.version()},
                       {"controlPid", ::getpid()}});
}

constexpr Route kRoutes[] = {
    {"GET", "/tidegate/v1/health", get_health, BodyKind::none, Access::open},
    {"GET", "/tidegate/v1/status", get_status},
};

}  // namespace

std::span<const Route> system_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
