#include "control/router_links.h"

#include <algorithm>

#include "base/log.h"

namespace tidegate::control {
namespace {

// A router connects again within 100 ms, and a new process takes less than a second.
constexpr Milliseconds kSettleTime{3'000};

}  // namespace

RouterLinks::RouterLinks(http::Loop& loop, const Clock& clock)
    : clock_(clock), server_(loop, *this, {}), quiet_since_(clock.mono()) {}

void RouterLinks::publish(table::Table table) {
  table_ = std::move(table);
  has_table_ = true;
  std::string bytes = table::frame(table::FromControl(table_));
  for (auto& [id, link] : links_) {
    if (!link.router.id.empty()) server_.write(id, bytes);
  }
}

bool RouterLinks::is_settled() const {
  return !links_.empty() || clock_.mono() - quiet_since_ >= kSettleTime;
}

bool RouterLinks::all_applied(std::uint64_t version) const {
  return is_settled() && std::ranges::all_of(links_, [version](const auto& entry) {
           return !entry.second.router.id.empty() && entry.second.router.table_version >= version;
         });
}

bool RouterLinks::all_drained(const std::string& replica_id, std::uint64_t left_at) const {
  return is_settled() && std::ranges::all_of(links_, [&](const auto& entry) {
           const Link& link = entry.second;
           bool never_knew = link.began_with > 0 && link.began_with >= left_at;
           return !link.router.id.empty() && (never_knew || link.drained.contains(replica_id));
         });
}

void RouterLinks::forget(const std::string& replica_id) {
  for (auto& [id, link] : links_) link.drained.erase(replica_id);
}

std::vector<RouterInfo> RouterLinks::routers() const {
  std::vector<RouterInfo> routers;
  for (const auto& [id, link] : links_) {
    if (!link.router.id.empty()) routers.push_back(link.router);
  }
  return routers;
}

void RouterLinks::on_open(http::StreamId id) {
  links_.try_emplace(id);
}

void RouterLinks::on_bytes(http::StreamId id, std::string_view bytes) {
  auto found = links_.find(id);
  if (found == links_.end()) return;
  found->second.unframer.feed(bytes);
  for (;;) {
    table::FromRouter message;
    Result<bool> more = found->second.unframer.next(message);
    if (!more) {
      log(Level::error, "router_link_broken", {{"reason", more.error().message}});
      server_.close(id);
      return on_closed(id);
    }
    if (!*more) break;
    hear(id, found->second, message);
  }
  changed_();
}

void RouterLinks::on_closed(http::StreamId id) {
  auto found = links_.find(id);
  if (found == links_.end()) return;
  log(Level::info, "router_gone", {{"router", found->second.router.id}});
  links_.erase(found);
  if (links_.empty()) quiet_since_ = clock_.mono();
  changed_();
}

void RouterLinks::hear(http::StreamId id, Link& link, const table::FromRouter& message) {
  if (const auto* hello = std::get_if<table::Hello>(&message)) {
    link.router = {hello->router_id, hello->pid, hello->table_version};
    newest_seen_ = std::max(newest_seen_, hello->table_version);
    // A router that this process has heard before may have had any table in between. One without a
    // table begins with the one that it gets now.
    bool is_new = known_ids_.insert(hello->router_id).second;
    std::uint64_t first = hello->table_version > 0 ? hello->table_version : table_.version;
    link.began_with = is_new ? first : 0;
    log(Level::info, "router_connected",
        {{"router", hello->router_id}, {"pid", hello->pid}, {"table", hello->table_version}});
    send_table(id);
  } else if (const auto* applied = std::get_if<table::Applied>(&message)) {
    link.router.table_version = std::max(link.router.table_version, applied->table_version);
  } else if (const auto* drained = std::get_if<table::Drained>(&message)) {
    link.drained.insert(drained->replica_ids.begin(), drained->replica_ids.end());
  }
}

void RouterLinks::send_table(http::StreamId id) {
  if (has_table_) server_.write(id, table::frame(table::FromControl(table_)));
}

}  // namespace tidegate::control
