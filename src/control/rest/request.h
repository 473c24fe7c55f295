#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "http/body.h"

namespace tidegate::control {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// One REST request, by value: it outlives the connection's buffers, and maybe the client.
struct Request {
  std::string id;  // x-request-id of the reply
  std::string method;
  std::string path;  // as sent, without the query
  std::string
      base_url;       // for links: "http://localhost" on the unix socket, else by the Host header
  NamedValues query;  // decoded
  NamedValues headers;
  std::map<std::string, std::string> params;  // by their names in the route's pattern, decoded
  std::string workspace;                      // name, if the route is below one
  http::Body body;

  const std::string& param(const std::string& name) const { return params.at(name); }
  std::string query_value(std::string_view name) const;  // empty if absent
  bool query_flag(std::string_view name) const;          // "true" or "1"
  std::optional<std::string> header(std::string_view name) const;
  Result<Json> json() const;
};

}  // namespace tidegate::control
