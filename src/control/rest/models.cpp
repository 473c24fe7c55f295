#include "store/models.h"

#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "control/operation_notes.h"
#include "control/rest/filters.h"
#include "control/rest/model_json.h"
#include "control/rest/route.h"
#include "store/assets.h"
#include "store/sweep.h"

namespace tidegate::control {
namespace {

void fill_files(Context& context, const std::string& workspace, domain::Model& model,
                domain::Complaints& complaints) {
  if (model.asset_id.empty()) return;
  auto asset = store::find_asset(*context.store.db, workspace, model.asset_id);
  if (!asset) return complaints.add("url", asset.error().message);
  if (!*asset) return complaints.add("url", fmt::format("there is no asset {}", model.asset_id));
  for (const store::AssetFile& file : (*asset)->files) {
    model.files.push_back({file.path, file.sha256, file.size, false});
  }
}

// Nothing half-registered: what was uploaded for a model that is refused goes.
void drop_upload(Context& context, const std::string& workspace, const std::string& asset_id) {
  log_failure("drop_upload", store::remove_unused_assets(*context.store.db, *context.store.blobs,
                                                         workspace, {asset_id}));
}

void create_model(Context& context, Request request, Responder responder) {
  auto body = request.json();
  if (!body) return responder.fail(body.error());
  domain::Complaints complaints;
  domain::Model model = read_model(*body, complaints);
  fill_files(context, request.workspace, model, complaints);
  if (!complaints.empty()) {
    drop_upload(context, request.workspace, model.asset_id);
    return responder.fail(error_body(complaints));
  }
  model.created = context.clock.wall();
  auto added = store::add_model(*context.store.db, request.workspace, std::move(model));
  if (!added) return responder.fail(added.error());
  log(Level::info, "model_registered", {{"model", added->id()}, {"files", added->files.size()}});
  responder.send(200, model_json(*added));
}

bool is_wanted(const domain::Model& model, const Request& request) {
  auto differs = [](const std::string& wanted, const std::string& value) {
    return !wanted.empty() && wanted != value;
  };
  if (differs(request.query_value("name"), model.name)) return false;
  if (differs(request.query_value("framework"), model.framework)) return false;
  std::string tags = request.query_value("tags");
  if (tags.empty()) tags = request.query_value("tag");
  return matches_map_filter(tags, model.tags) &&
         matches_map_filter(request.query_value("properties"), model.properties);
}

void list_models(Context& context, Request request, Responder responder) {
  auto models = store::list_models(*context.store.db, request.workspace);
  if (!models) return responder.fail(models.error());
  bool latest = request.query_flag("latest");
  std::set<std::string> shown;
  Json value = Json::array();
  for (const domain::Model& model : *models) {  // newest first
    if (!is_wanted(model, request)) continue;
    if (latest && !shown.insert(model.name).second) continue;
    value.push_back(model_json(model));
  }
  responder.send(200, {{"value", std::move(value)}});  // no nextLink: a null one breaks clients
}

// "name:version", or "name" for the newest.
Result<std::optional<domain::Model>> look_up(Context& context, const Request& request) {
  const std::string& id = request.param("id");
  if (id.contains(':')) {
    TIDEGATE_TRY(auto ref, domain::parse_model_ref(id));
    return store::find_model(*context.store.db, request.workspace, ref);
  }
  TIDEGATE_TRY(auto versions, store::list_models(*context.store.db, request.workspace, id));
  if (versions.empty()) return std::nullopt;
  return std::optional(std::move(versions.front()));
}

void get_model(Context& context, Request request, Responder responder) {
  auto model = look_up(context, request);
  if (!model) return responder.fail(model.error());
  if (!*model) {
    return responder.fail(ErrorBody{
        "ModelNotFound", 404, fmt::format("there is no model {}", request.param("id")), {}});
  }
  responder.send(200, model_json(**model));
}

constexpr Route kRoutes[] = {
    {"POST", "/modelmanagement/v1.0{WS}/models", create_model, BodyKind::json},
    {"GET", "/modelmanagement/v1.0{WS}/models", list_models},
    {"GET", "/modelmanagement/v1.0{WS}/models/{id}", get_model},
};

}  // namespace

std::span<const Route> model_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
