#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "control/routers.h"
#include "http/stream.h"
#include "table/message.h"

namespace tidegate::control {

// The routers that are connected: gives them the newest table, and keeps what they say. Belongs to
// the loop's thread.
class RouterLinks final : public Routers, private http::StreamHandler {
 public:
  RouterLinks(http::Loop& loop, const Clock& clock);
  Result<> listen(os::UniqueFd fd) { return server_.add_listener(std::move(fd)); }

  void on_change(std::function<void()> callback) override { changed_ = std::move(callback); }
  void publish(table::Table table) override;
  // While no router is connected: true only after a while, because one that lost its link for a
  // moment may still decide by an older table.
  bool all_applied(std::uint64_t version) const override;
  // Every router has said so, or never knew it: its process began with a table as new as `left_at`.
  bool all_drained(const std::string& replica_id, std::uint64_t left_at) const override;
  // Tables for processes name every replica: all_drained() says all.
  bool version_drained(const std::string&, std::uint64_t) const override { return true; }
  void forget(const std::string& replica_id) override;
  std::vector<RouterInfo> routers() const override;
  std::uint64_t newest_seen() const override { return newest_seen_; }

 private:
  struct Link {
    table::Unframer<table::FromRouter> unframer;
    RouterInfo router;             // id empty: has not said hello
    std::uint64_t began_with = 0;  // first table of the router's process; 0: not known
    std::set<std::string> drained;
  };

  void on_open(http::StreamId id) override;
  void on_bytes(http::StreamId id, std::string_view bytes) override;
  void on_closed(http::StreamId id) override;
  void hear(http::StreamId id, Link& link, const table::FromRouter& message);
  void send_table(http::StreamId id);
  bool is_settled() const;

  const Clock& clock_;
  http::StreamServer server_;
  std::function<void()> changed_ = [] {};
  std::map<http::StreamId, Link> links_;
  std::set<std::string> known_ids_;
  table::Table table_;
  bool has_table_ = false;
  std::uint64_t newest_seen_ = 0;
  MonoTime quiet_since_;  // start, or when the last link went
};

}  // namespace tidegate::control
