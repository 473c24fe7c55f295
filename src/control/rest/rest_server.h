#pragma once

#include <map>

#include "control/rest/route.h"
#include "http/server.h"

namespace tidegate::control {

// The REST API over HTTP: finds the route, checks who asks, reads the body, calls the handler.
// Belongs to the loop's thread.
class RestServer final : public http::RequestHandler, public OpenCalls {
 public:
  RestServer(Context& context, http::Loop& loop);

  Result<> add_listener(os::UniqueFd fd) { return server_.add_listener(std::move(fd)); }
  // No new requests; those under way get their replies.
  void drain(http::Task done) { server_.drain(std::move(done)); }

  void on_request(http::ServerCall& call) override;
  http::ServerCall* find(std::uint64_t call_id) override;
  void close(std::uint64_t call_id) override;

 private:
  Request read_head(const http::ServerCall& call) const;
  bool may_ask(const Route& route, const Request& request) const;
  Result<> resolve_workspace(Request& request) const;
  void read_body(http::ServerCall& call, const Route& route, Request request, Responder responder);
  Result<http::BodyLimits> limits_for(const Route& route, const http::ServerCall& call) const;

  Context& context_;
  RouteTable routes_;
  std::map<std::uint64_t, http::ServerCall*> open_;
  http::Server server_;  // last: it calls back until it is gone
};

}  // namespace tidegate::control
