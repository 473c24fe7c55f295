#include "store/assets.h"
#include "base/ids.h"
#include "control/rest/route.h"

namespace tidegate::control {
namespace {

std::vector<std::string> prefixes_in(const Json& body) {
  std::vector<std::string> prefixes;
  const Json* artifacts = find_member(body, "artifacts");
  if (artifacts == nullptr || !artifacts->is_array()) return prefixes;
  for (const Json& artifact : *artifacts) {
    std::string prefix = text_or(artifact, "prefix", "");
    if (prefix.empty()) prefix = text_or(artifact, "id", "");
    if (!prefix.empty()) prefixes.push_back(std::move(prefix));
  }
  return prefixes;
}

void create_asset(Context& context, Request request, Responder responder) {
  auto body = request.json();
  if (!body) return responder.fail(body.error());
  store::Asset asset;
  asset.id = random_hex(context.random, 16);
  asset.workspace = request.workspace;
  asset.name = text_or(*body, "name", "");
  asset.prefixes = prefixes_in(*body);
  asset.created = context.clock.wall();
  if (asset.prefixes.empty()) {
    return responder.fail(
        Error{Code::invalid, "artifacts: must be a list of {\"prefix\": \"LocalUpload/...\"}"});
  }
  auto added = store::add_asset(*context.store.db, std::move(asset));
  if (!added) return responder.fail(added.error());
  Json reply = *body;
  reply["id"] = added->id;
  reply["createdTime"] = format_iso(added->created);
  responder.send(200, reply);
}

constexpr Route kRoutes[] = {
    {"POST", "/modelmanagement/v1.0{WS}/assets", create_asset, BodyKind::json},
};

}  // namespace

std::span<const Route> asset_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
