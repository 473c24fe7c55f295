#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/context.h"
#include "control/rest/request.h"
#include "control/rest/responder.h"

namespace tidegate::control {

// Answers, now or later. Loop's thread.
using Handler = void (*)(Context& context, Request request, Responder responder);

enum class Access {
  token,       // Authorization: Bearer <api.token>
  open,        // anybody
  signed_uri,  // ?sig= of the path; or the token
};
enum class BodyKind { none, json, file };

// pattern: segments separated by '/'. "{name}" takes one segment, "{name...}" at the end takes the
// rest, "{WS}" stands for the eight segments of a workspace's ARM path. Others match without case.
struct Route {
  std::string_view method;
  std::string_view pattern;
  Handler handler;
  BodyKind body = BodyKind::none;
  Access access = Access::token;
};

// One list per resource, each in the file of its name.
std::span<const Route> system_routes();
std::span<const Route> workspace_routes();
std::span<const Route> artifact_routes();
std::span<const Route> content_routes();
std::span<const Route> asset_routes();
std::span<const Route> model_routes();
std::span<const Route> compute_routes();
std::span<const Route> service_routes();
std::span<const Route> service_change_routes();
std::span<const Route> service_check_routes();
std::span<const Route> operation_routes();

struct Match {
  const Route* route = nullptr;
  std::map<std::string, std::string> params;
};

class RouteTable {
 public:
  RouteTable();

  // The route of most literal segments that fits. nullopt: none has that path.
  // A route of null in the match: the path is known, the method is not.
  std::optional<Match> find(std::string_view method, std::string_view path) const;
  // For 405: the methods of that path, "GET, HEAD".
  std::string allowed(std::string_view path) const;

 private:
  struct Entry {
    const Route* route;
    std::vector<std::string> segments;
    int literals = 0;
  };
  std::vector<Entry> entries_;  // most literals first
};

}  // namespace tidegate::control
