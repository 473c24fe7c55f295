#include "store/workspaces.h"
#include "control/rest/route.h"
#include "control/rest/workspace_path.h"

namespace tidegate::control {
namespace {

void get_workspace(Context& context, Request request, Responder responder) {
  auto found = store::find_workspace(*context.store.db, request.workspace);
  if (!found) return responder.fail(found.error());
  const store::Workspace& workspace = **found;
  responder.send(200, {{"id", workspace_path(workspace)},
                       {"name", workspace.name},
                       {"location", "local"},
                       {"type", "Microsoft.MachineLearningServices/workspaces"},
                       {"tags", Json::object()},
                       {"properties",
                        {{"workspaceId", workspace.id},
                         {"discoveryUrl", request.base_url + "/discovery"},
                         {"storageAccount", nullptr},
                         {"containerRegistry", nullptr},
                         {"keyVault", nullptr},
                         {"applicationInsights", nullptr},
                         {"creationTime", format_iso(workspace.created)}}},
                       {"sku", {{"name", "Basic"}, {"tier", "Basic"}}}});
}

constexpr Route kRoutes[] = {{"GET", "{WS}", get_workspace}};

}  // namespace

std::string workspace_path(const store::Workspace& workspace) {
  return "/subscriptions/" + workspace.subscription + "/resourceGroups/" +
         workspace.resource_group + "/providers/Microsoft.MachineLearningServices/workspaces/" +
         workspace.name;
}

std::string workspace_path(store::Database& db, std::string_view name) {
  auto found = store::find_workspace(db, name);
  return found && *found ? workspace_path(**found) : std::string();
}

std::span<const Route> workspace_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
