// Where uploads go: each path gets a URI that carries its own right.
#include <algorithm>

#include <fmt/format.h>

#include "control/rest/content_path.h"
#include "control/rest/route.h"
#include "control/rest/signature.h"
#include "http/head.h"

namespace tidegate::control {
namespace {

constexpr std::size_t kPathsMax = 100'000;

Json describe(Context& context, const Request& request, const std::string& path) {
  const std::string& container = request.param("container");
  std::string content = content_path(container, path);
  std::string sig = signature_of(context.signing_key, content);
  return Json{{"contentUri",
               fmt::format("{}{}?sig={}", request.base_url, http::percent_encode(content), sig)},
              {"origin", "LocalUpload"},
              {"container", container},
              {"path", path}};
}

void create_batch(Context& context, Request request, Responder responder) {
  auto body = request.json();
  if (!body) return responder.fail(body.error());
  const Json* paths = find_member(*body, "paths");
  if (paths == nullptr || !paths->is_array() || paths->empty() || paths->size() > kPathsMax) {
    return responder.fail(Error{Code::invalid, "paths: must be a list of {\"path\": \"...\"}"});
  }
  const std::string& container = request.param("container");
  Json artifacts = Json::object();
  Json content = Json::object();
  for (const Json& item : *paths) {
    std::string path = text_or(item, "path", "");
    if (!is_content_path(path) || !is_content_path(container)) {
      return responder.fail(Error{
          Code::invalid,
          fmt::format("paths: \"{}\" must be relative, without empty parts and \"..\"", path)});
    }
    artifacts[path] = {{"artifactId", fmt::format("LocalUpload/{}/{}", container, path)},
                       {"origin", "LocalUpload"},
                       {"container", container},
                       {"path", path},
                       {"etag", "\"0\""},
                       {"createdTime", format_iso(context.clock.wall())}};
    content[path] = describe(context, request, path);
  }
  responder.send(200, {{"artifacts", std::move(artifacts)},
                       {"artifactContentInformation", std::move(content)},
                       {"errors", Json::object()}});
}

constexpr Route kRoutes[] = {
    {"POST", "/artifact/v2.0{WS}/artifacts/batch/metadata/LocalUpload/{container}", create_batch,
     BodyKind::json},
};

}  // namespace

bool is_content_path(std::string_view path) {
  if (path.empty() || path.size() > 4'000) return false;
  if (std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return false;
  }
  while (true) {
    std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (part.size() == path.size()) return true;
    path.remove_prefix(part.size() + 1);
  }
}

std::string content_path(std::string_view container, std::string_view path) {
  return fmt::format("/content/LocalUpload/{}/{}", container, path);
}

std::span<const Route> artifact_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
