#include "router/upstreams.h"

#include <unordered_set>

#include "base/check.h"

namespace tidegate::router {

http::Upstream& Upstreams::begin_call(const std::shared_ptr<Replica>& replica) {
  Entry& entry = entries_[replica.get()];
  if (!entry.upstream) {
    entry.replica = replica;
    entry.upstream =
        std::make_unique<http::Upstream>(loop_, replica->address, http::UpstreamOptions{});
  }
  ++entry.calls;
  return *entry.upstream;
}

void Upstreams::end_call(const Replica& replica) {
  auto found = entries_.find(&replica);
  TIDEGATE_CHECK(found != entries_.end() && found->second.calls > 0);
  if (--found->second.calls == 0 && found->second.gone) entries_.erase(found);
}

void Upstreams::keep_only(const Routes& routes) {
  std::unordered_set<const Replica*> present;
  for (const LiveService& service : routes.services()) {
    for (const LiveVersion& version : service.versions) {
      for (const auto& replica : version.replicas) present.insert(replica.get());
    }
  }
  for (auto& [replica, entry] : entries_) {
    entry.gone = !present.contains(replica);
    if (entry.gone) entry.upstream->close_idle();
  }
  std::erase_if(entries_,
                [](const auto& item) { return item.second.gone && item.second.calls == 0; });
}

}  // namespace tidegate::router
