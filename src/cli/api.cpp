#include "cli/api.h"

#include <fmt/format.h>

namespace tidegate::cli {
namespace {

// A list that never ends is the server's mistake; we stop.
constexpr int kPagesMax = 10'000;

// "http://host/path?query" -> "/path?query": the connection stays ours.
std::string path_of(const std::string& url) {
  auto scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  auto slash = url.find('/', scheme + 3);
  return slash == std::string::npos ? "/" : url.substr(slash);
}

Result<Json> decoded(const fetch::Response& response, const std::string& what) {
  if (!response.ok()) return Api::failure(response, what);
  if (response.body.empty()) return Json();
  return parse_json(response.body, what);
}

// What the API calls a value, and the flag that it comes from. Values that a file can hold too keep
// the API's name.
struct FlagOfPlace {
  std::string_view place, flag;
};
constexpr FlagOfPlace kFlags[] = {
    {"name", "-n/--name"},
    {"computeName", "-ct/--compute-target"},
    {"properties.properties.clusterPurpose", "--cluster-purpose"},
    {"properties.tidegate.kubeconfig", "--kubeconfig"},
    {"properties.tidegate.namespace", "--namespace"},
    {"properties.tidegate.serviceType", "--service-type"},
    {"properties.tidegate.registry", "--registry"},
    {"properties.tidegate.registry.address", "--registry"},
    {"properties.tidegate.globalRegistry.address", "--global-registry"},
    {"properties.tidegate.agentImage", "--agent-image"},
    {"properties.tidegate.defaultBaseImage", "--default-base-image"},
    {"properties.tidegate.nodeCacheGb", "--node-cache-gb"},
    {"properties.tidegate.modelDataClaim", "--model-data-claim"},
    {"environmentImageRequest.modelIds", "-m/--model"}};

std::string label_of(const std::string& place) {
  for (const FlagOfPlace& known : kFlags) {
    if (known.place == place) return std::string(known.flag);
  }
  return place;
}

}  // namespace

std::string management(std::string_view path) {
  return fmt::format("/modelmanagement/v1.0{}/{}", kWorkspacePath, path);
}
std::string artifacts(std::string_view path) {
  return fmt::format("/artifact/v2.0{}/{}", kWorkspacePath, path);
}
std::string computes(std::string_view path) {
  return fmt::format("/rp/workspaces{}/computes{}", kWorkspacePath, path);
}
std::string workspace(std::string_view path) {
  return fmt::format("{}/{}", kWorkspacePath, path);
}

std::string message_of(const Json& error) {
  const Json* inner = find_member(error, "error");
  if (inner != nullptr && inner->is_object() && !error.contains("message"))
    return message_of(*inner);
  if (error.is_string()) return error.get<std::string>();
  std::string text = text_or(error, "message", "");
  const Json* details = find_member(error, "details");
  if (details == nullptr || !details->is_array()) return text;
  for (const Json& detail : *details) {
    std::string message = text_or(detail, "message", "");
    std::string target = text_or(detail, "target", "");
    if (message.empty()) continue;
    std::string labelled =
        target.empty() ? message : fmt::format("{}: {}", label_of(target), message);
    std::string as_sent = target.empty() ? message : fmt::format("{}: {}", target, message);
    if (auto at = text.find(as_sent); at != std::string::npos) {
      text.replace(at, as_sent.size(), labelled);
    } else if (text.find(message) == std::string::npos) {
      text += text.empty() ? "" : "\n";
      text += labelled;
    }
  }
  return text;
}

Result<Json> Api::get(const std::string& path) {
  TIDEGATE_TRY(auto response, send({.method = "GET", .url = path}));
  return decoded(response, "GET " + path);
}

Result<Json> Api::post(const std::string& path, const Json& body) {
  TIDEGATE_TRY(auto response, send({.method = "POST", .url = path, .body = to_text(body)}));
  return decoded(response, "POST " + path);
}

Result<Json> Api::list(const std::string& path) {
  Json all = Json::array();
  std::string next = path;
  for (int page = 0; !next.empty() && page < kPagesMax; ++page) {
    TIDEGATE_TRY(Json body, get(next));
    if (const Json* value = find_member(body, "value"); value != nullptr && value->is_array()) {
      for (const Json& item : *value) all.push_back(item);
    }
    next = path_of(text_or(body, "nextLink", ""));
  }
  return all;
}

Result<fetch::Response> Api::send(fetch::Request request) {
  TIDEGATE_TRY(std::string token, token());
  std::string path = path_of(request.url);
  request.url = "http://localhost" + path;
  request.unix_socket = context_.data / "api.sock";
  request.headers.emplace_back("Authorization", "Bearer " + token);
  fetch::Response typed{.headers = request.headers};
  if (!request.body.empty() && !typed.header("Content-Type")) {
    request.headers.emplace_back("Content-Type", "application/json");
  }
  request.is_cancelled = [this] { return context_.waiter.is_interrupted(); };
  auto response = context_.http.send(request);
  if (!response) return explain(response.error());
  context_.console.debug(fmt::format("{} {} -> {}", request.method, path, response->status));
  return response;
}

std::unexpected<Error> Api::failure(const fetch::Response& response, std::string_view what) {
  Code code = code_from_http(response.status);
  if (Result<Json> body = parse_json(response.body, what); body && body->is_object()) {
    std::string message = message_of(*body);
    if (!message.empty()) return fail(code, std::move(message));
  }
  return fail(code, fmt::format("{}: the server answered {} {}", what, response.status,
                                response.body.substr(0, 1000)));
}

Result<std::string> Api::token() {
  if (token_) return *token_;
  auto text = os::read_file(context_.data / "api.token");
  if (!text) return explain(text.error());
  text->erase(text->find_last_not_of(" \r\n") + 1);
  token_ = std::move(*text);
  return *token_;
}

std::unexpected<Error> Api::explain(const Error& error) const {
  if (error.code != Code::unavailable && error.code != Code::not_found) {
    return fail(error.code, error.message);
  }
  return fail(
      Code::unavailable,
      fmt::format("no Tidegate server answers for the data folder {}: {}\n"
                  "hint: is `tidegate serve` running? Start it with `tidegate serve --data {}`, or "
                  "name another folder with --data or TIDEGATE_DATA",
                  context_.data.string(), error.message, context_.data.string()));
}

}  // namespace tidegate::cli
