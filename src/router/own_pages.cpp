#include "router/own_pages.h"

#include "router/core.h"
#include "router/match.h"
#include "telemetry/prometheus.h"

namespace tidegate::router {

bool OwnPages::answer(http::ServerCall& call) {
  switch (own_page(call.head())) {
    case OwnPage::none:
      return false;
    case OwnPage::health:
      call.reply({.status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = "Healthy"});
      return true;
    case OwnPage::metrics:
      gather(call);
      return true;
  }
  return false;
}

void OwnPages::gather(http::ServerCall& call) {
  const std::uint64_t page = ++last_page_;
  pages_.emplace(page, MetricsCall{&call, {}});
  call.on_gone([this, page] { pages_.erase(page); });
  for (unsigned core = 0; core < peers_.cores(); ++core) {
    peers_.post_to_core(core, [page, asker = core_, peers = &peers_](Core& asked) {
      peers->post_to_core(asker, [page, part = asked.snapshot()](Core& self) mutable {
        self.add_snapshot(page, std::move(part));
      });
    });
  }
}

void OwnPages::add(std::uint64_t page, CoreSnapshot snapshot, const Routes& routes) {
  auto found = pages_.find(page);
  if (found == pages_.end()) return;
  found->second.parts.push_back(std::move(snapshot));
  if (found->second.parts.size() < peers_.cores()) return;
  const MetricsCall whole = std::move(found->second);
  pages_.erase(found);
  whole.call->reply({.status = 200,
                     .headers = {{"Content-Type", std::string(telemetry::kPrometheusType)}},
                     .body = metrics_page(whole.parts, routes)});
}

}  // namespace tidegate::router
