#pragma once

#include <string_view>

#include "http/head.h"
#include "router/local_reply.h"

namespace tidegate::router {

// Where a request wants to go. Views into the request's target.
struct Target {
  std::string_view workspace;
  std::string_view service;
  std::string_view replica_path;  // what the replica sees: "/score", "/swagger.json" or "/"
};

// [/w/<workspace>]/api/v1/service/<name>/{score, swagger.json, ""}
//   score: GET, POST, OPTIONS; the others: GET. Anything else: 404 no_route, 405.
Stage<Target> match(const http::RequestHead& head);

// The pages of the router itself.
enum class OwnPage { none, health, ready, metrics, router };
OwnPage own_page(const http::RequestHead& head);

}  // namespace tidegate::router
