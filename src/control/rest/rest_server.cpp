#include "control/rest/rest_server.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.h"
#include "base/log.h"
#include "control/rest/signature.h"
#include "store/workspaces.h"

namespace tidegate::control {
namespace {

constexpr std::uint64_t kJsonMax = 16UL << 20;
constexpr std::uint64_t kDiskReserve = 64UL << 20;  // left free for the database and logs
constexpr std::string_view kBearer = "Bearer ";

http::Reply refuse(int status, std::string_view reason) {
  ErrorBody body{std::string(wire_code(code_from_http(status))), status, std::string(reason), {}};
  return {status,
          {{"Content-Type", "application/json; charset=utf-8"}},
          to_text(error_reply_body(body, ""))};
}

http::ServerOptions server_options() {
  http::ServerOptions options;
  options.error_reply = refuse;
  return options;
}

bool has_token(const Request& request, const Secret& token) {
  auto given = request.header("Authorization");
  return given && given->starts_with(kBearer) &&
         constant_time_equal(std::string_view(*given).substr(kBearer.size()), token.reveal());
}

ErrorBody disk_full(const os::Path& folder, std::uint64_t free) {
  return {"InsufficientStorage",
          507,
          fmt::format("the disk of {} is full ({} MB free): make room there and try again",
                      folder.string(), free >> 20),
          {}};
}

}  // namespace

RestServer::RestServer(Context& context, http::Loop& loop)
    : context_(context), server_(loop, *this, server_options()) {}

http::ServerCall* RestServer::find(std::uint64_t call_id) {
  auto found = open_.find(call_id);
  return found == open_.end() ? nullptr : found->second;
}

void RestServer::close(std::uint64_t call_id) {
  open_.erase(call_id);
}

Request RestServer::read_head(const http::ServerCall& call) const {
  const http::RequestHead& head = call.head();
  Request request;
  request.id = random_uuid4(context_.random);
  request.method = head.method;
  request.path = head.path();
  // Some clients add "?offset=N" to a link that has a query already.
  std::string query(head.query());
  std::ranges::replace(query, '?', '&');
  request.query = http::parse_query(query);
  for (const http::HeaderView& header : head.headers) {
    request.headers.emplace_back(header.name, header.value);
  }
  auto host = request.header("Host");
  bool is_local = call.peer() == "unix" || !host || host->empty();
  request.base_url = is_local ? "http://localhost" : "http://" + *host;
  return request;
}

bool RestServer::may_ask(const Route& route, const Request& request) const {
  switch (route.access) {
    case Access::open:
      return true;
    case Access::signed_uri:
      return is_signed(context_.signing_key, http::percent_decode(request.path),
                       request.query_value("sig")) ||
             has_token(request, context_.api_token);
    case Access::token:
      return has_token(request, context_.api_token);
  }
  return false;
}

Result<> RestServer::resolve_workspace(Request& request) const {
  auto name = request.params.find("workspace");
  if (name == request.params.end()) return {};
  TIDEGATE_TRY(auto workspace, store::find_workspace(*context_.store.db, name->second));
  const std::string& subscription = request.param("subscription");
  const std::string& group = request.param("resourceGroup");
  bool is_it = workspace && http::equal_names(workspace->subscription, subscription) &&
               http::equal_names(workspace->resource_group, group);
  if (!is_it) {
    return fail(Code::not_found, fmt::format("there is no workspace {} in resource group {} of "
                                             "subscription {}",
                                             name->second, group, subscription));
  }
  request.workspace = workspace->name;
  return {};
}

void RestServer::on_request(http::ServerCall& call) {
  std::uint64_t id = call.id();
  open_[id] = &call;
  call.on_gone([this, id] { open_.erase(id); });
  Request request = read_head(call);
  Responder responder(*this, id, request.id);

  auto match = routes_.find(request.method, request.path);
  if (!match) {
    return responder.fail(Error{
        Code::not_found, fmt::format("there is nothing at {} {}", request.method, request.path)});
  }
  if (match->route == nullptr) {
    ErrorBody body{"MethodNotAllowed",
                   405,
                   fmt::format("{} is not possible at {}; possible: {}", request.method,
                               request.path, routes_.allowed(request.path)),
                   {}};
    return responder.fail(body);
  }
  if (!may_ask(*match->route, request)) {
    return responder.fail(Error{Code::unauthenticated,
                                "the request needs the header `Authorization: Bearer <token>` with "
                                "the content of the file api.token in the data folder"});
  }
  request.params = std::move(match->params);
  if (auto resolved = resolve_workspace(request); !resolved) {
    return responder.fail(resolved.error());
  }
  read_body(call, *match->route, std::move(request), std::move(responder));
}

Result<http::BodyLimits> RestServer::limits_for(const Route& route,
                                                const http::ServerCall& call) const {
  http::BodyLimits limits;
  limits.spill_folder = context_.store.blobs->temporary_folder();
  limits.size_max_bytes = kJsonMax;
  if (route.body != BodyKind::file) return limits;
  TIDEGATE_TRY(std::uint64_t free, os::free_bytes(limits.spill_folder));
  // Twice: what was received is copied to where it stays.
  std::uint64_t usable = free > kDiskReserve ? (free - kDiskReserve) / 2 : 0;
  limits.size_max_bytes = usable;
  bool fits = call.head().content_length.value_or(0) <= usable;
  if (!fits) return fail(Code::exhausted, std::to_string(free));
  return limits;
}

void RestServer::read_body(http::ServerCall& call, const Route& route, Request request,
                           Responder responder) {
  if (route.body == BodyKind::none) {
    return route.handler(context_, std::move(request), std::move(responder));
  }
  auto full = [this] {
    return disk_full(context_.store.blobs->root(),
                     os::free_bytes(context_.store.blobs->root()).value_or(0));
  };
  auto limits = limits_for(route, call);
  if (!limits) return responder.fail(full());
  call.read_body(*limits, [this, &route, full, request = std::move(request),
                           responder = std::move(responder)](Result<http::Body> body) mutable {
    bool is_file = route.body == BodyKind::file;
    if (!body && is_file && body.error().code == Code::exhausted) return responder.fail(full());
    if (!body) return responder.fail(body.error());
    request.body = std::move(*body);
    route.handler(context_, std::move(request), std::move(responder));
  });
}

}  // namespace tidegate::control
