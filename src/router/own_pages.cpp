#include "router/own_pages.h"

#include <optional>

#include "router/core.h"
#include "router/match.h"
#include "table/router_page.h"
#include "telemetry/prometheus.h"

namespace tidegate::router {

namespace {

http::Reply text_reply(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)};
}

}  // namespace

bool OwnPages::answer(http::ServerCall& call, bool is_ready) {
  switch (own_page(call.head())) {
    case OwnPage::none:
      return false;
    case OwnPage::health:
      call.reply(text_reply(200, "Healthy"));
      return true;
    case OwnPage::ready:
      call.reply(is_ready ? text_reply(200, "Ready")
                          : text_reply(503, "No routing table yet, or about to stop"));
      return true;
    case OwnPage::metrics:
      gather_metrics(call);
      return true;
    case OwnPage::router:
      if (!may_see_router_page(call.head())) return false;
      peers_.ask_router_page(core_, remember(call));
      return true;
  }
  return false;
}

bool OwnPages::may_see_router_page(const http::RequestHead& head) const {
  const std::optional<std::string_view> shown = head.find(table::kLinkTokenHeader);
  return !link_token_.empty() && shown && constant_time_equal(*shown, link_token_.reveal());
}

std::uint64_t OwnPages::remember(http::ServerCall& call) {
  const std::uint64_t page = ++last_page_;
  pages_.emplace(page, WaitingCall{&call, {}});
  call.on_gone([this, page] { pages_.erase(page); });
  return page;
}

void OwnPages::gather_metrics(http::ServerCall& call) {
  const std::uint64_t page = remember(call);
  for (unsigned core = 0; core < peers_.cores(); ++core) {
    peers_.post_to_core(core, [page, asker = core_, peers = &peers_](Core& asked) {
      peers->post_to_core(asker, [page, part = asked.snapshot()](Core& self) mutable {
        self.add_snapshot(page, std::move(part));
      });
    });
  }
}

void OwnPages::add_router_page(std::uint64_t page, std::string json) {
  auto found = pages_.find(page);
  if (found == pages_.end()) return;
  http::ServerCall* call = found->second.call;
  pages_.erase(found);
  call->reply(
      {.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = std::move(json)});
}

void OwnPages::add(std::uint64_t page, CoreSnapshot snapshot, const Routes& routes) {
  auto found = pages_.find(page);
  if (found == pages_.end()) return;
  found->second.parts.push_back(std::move(snapshot));
  if (found->second.parts.size() < peers_.cores()) return;
  const WaitingCall whole = std::move(found->second);
  pages_.erase(found);
  whole.call->reply({.status = 200,
                     .headers = {{"Content-Type", std::string(telemetry::kPrometheusType)}},
                     .body = metrics_page(whole.parts, routes)});
}

}  // namespace tidegate::router
