#include "router/match.h"

#include <algorithm>
#include <array>

#include "table/router_page.h"

namespace tidegate::router {
namespace {

constexpr std::string_view kWorkspacePrefix = "/w/";
constexpr std::string_view kServicePrefix = "/api/v1/service/";

// Takes the text up to the next slash off `rest`; the slash stays.
std::string_view take_segment(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('/'), rest.size());
  const std::string_view segment = rest.substr(0, end);
  rest.remove_prefix(end);
  return segment;
}

bool take_prefix(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  return true;
}

struct Operation {
  std::string_view path;
  std::string_view allow;
};
constexpr std::array<Operation, 3> kOperations{
    {{"/score", "GET, POST, OPTIONS"}, {"/swagger.json", "GET"}, {"/", "GET"}}};

bool is_allowed(std::string_view allow, std::string_view method) {
  while (!allow.empty()) {
    const std::size_t comma = allow.find(", ");
    if (allow.substr(0, comma) == method) return true;
    allow = comma == std::string_view::npos ? "" : allow.substr(comma + 2);
  }
  return false;
}

}  // namespace

Stage<Target> match(const http::RequestHead& head) {
  std::string_view rest = head.path();
  Target target{.workspace = "default", .service = {}, .replica_path = {}};
  if (take_prefix(rest, kWorkspacePrefix)) target.workspace = take_segment(rest);
  if (!take_prefix(rest, kServicePrefix)) return refuse(404, Reason::no_route);
  target.service = take_segment(rest);
  if (target.workspace.empty() || target.service.empty()) return refuse(404, Reason::no_route);
  target.replica_path = rest.empty() ? "/" : rest;
  for (const Operation& operation : kOperations) {
    if (operation.path != target.replica_path) continue;
    if (is_allowed(operation.allow, head.method)) return target;
    return std::unexpected(
        LocalReply{.status = 405, .reason = Reason::method_not_allowed, .allow = operation.allow});
  }
  return refuse(404, Reason::no_route);
}

OwnPage own_page(const http::RequestHead& head) {
  if (head.method != "GET") return OwnPage::none;
  const std::string_view path = head.path();
  if (path == "/" || path == "/healthz") return OwnPage::health;
  if (path == "/readyz") return OwnPage::ready;
  if (path == table::kRouterPage) return OwnPage::router;
  return path == "/metrics" ? OwnPage::metrics : OwnPage::none;
}

}  // namespace tidegate::router
