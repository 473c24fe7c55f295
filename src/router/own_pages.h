#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/secret.h"
#include "http/server.h"
#include "router/metrics.h"
#include "router/peers.h"

namespace tidegate::router {

// What the router answers about itself: GET / and /healthz (it runs), /readyz (it has a table and
// does not leave), /metrics, and, to whoever shows the link token, table::kRouterPage. Neither
// counted nor logged. Belongs to a core's thread.
class OwnPages {
 public:
  // link_token: empty: nobody gets the router's page.
  OwnPages(Peers& peers, unsigned core, Secret link_token)
      : peers_(peers), core_(core), link_token_(std::move(link_token)) {}

  // False: it is no page of ours.
  bool answer(http::ServerCall& call, bool is_ready);
  // One core's part of a metrics page that was asked for here.
  void add(std::uint64_t page, CoreSnapshot snapshot, const Routes& routes);
  // The hub's answer to ask_router_page().
  void add_router_page(std::uint64_t page, std::string json);

 private:
  struct WaitingCall {
    http::ServerCall* call;
    std::vector<CoreSnapshot> parts;  // of /metrics
  };
  bool may_see_router_page(const http::RequestHead& head) const;
  std::uint64_t remember(http::ServerCall& call);
  void gather_metrics(http::ServerCall& call);

  Peers& peers_;
  const unsigned core_;
  const Secret link_token_;
  std::uint64_t last_page_ = 0;
  std::unordered_map<std::uint64_t, WaitingCall> pages_;
};

}  // namespace tidegate::router
