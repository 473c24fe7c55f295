#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "http/server.h"
#include "router/metrics.h"
#include "router/peers.h"

namespace tidegate::router {

// What the router answers about itself: GET / and /healthz, GET /metrics. Neither counted nor
// logged. Belongs to a core's thread.
class OwnPages {
 public:
  OwnPages(Peers& peers, unsigned core) : peers_(peers), core_(core) {}

  // False: it is no page of ours.
  bool answer(http::ServerCall& call);
  // One core's part of a metrics page that was asked for here.
  void add(std::uint64_t page, CoreSnapshot snapshot, const Routes& routes);

 private:
  struct MetricsCall {
    http::ServerCall* call;
    std::vector<CoreSnapshot> parts;
  };
  void gather(http::ServerCall& call);

  Peers& peers_;
  const unsigned core_;
  std::uint64_t last_page_ = 0;
  std::unordered_map<std::uint64_t, MetricsCall> pages_;
};

}  // namespace tidegate::router
