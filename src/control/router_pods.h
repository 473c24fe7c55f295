#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "control/routers.h"
#include "table/table.h"

namespace tidegate::control {

// What a router's page says (backend/kubernetes/labels.h).
struct RouterAnswer {
  std::string router_id;
  std::uint64_t table_version = 0;
  std::set<std::string> busy;  // version ids
};
Result<RouterAnswer> parse_router_page(std::string_view body);

struct RouterPod {
  std::string name;
  bool is_ready = false;
};
RouterPod router_pod_of(const Json& pod);

// What the router pods of a cluster have said, and what follows. Pure: time is an argument.
class RouterPods {
 public:
  // The pods that exist now; what was heard of others goes.
  void set_pods(const std::vector<RouterPod>& pods, MonoTime now);
  void hear(const std::string& pod, RouterAnswer answer, MonoTime now);

  // Every pod that counts decides by this version or a newer one. False without any: nobody serves.
  bool all_applied(std::uint64_t version, MonoTime now) const;
  // The same, and nothing of it is in flight.
  bool version_drained(const std::string& version_id, std::uint64_t left_at, MonoTime now) const;
  // Whether another look may find something new soon: not all have the table, or something is
  // busy that it does not have.
  bool is_outstanding(const table::Table& table, MonoTime now) const;

  std::vector<RouterInfo> routers() const;
  std::uint64_t newest_seen() const { return newest_seen_; }

 private:
  struct Heard {
    bool is_ready = false;
    bool was_ready = false;  // so it may hold connections
    MonoTime last_sign;      // when it was ready or answered
    std::optional<RouterAnswer> answer;
  };
  static bool counts(const Heard& heard, MonoTime now);

  std::map<std::string, Heard> pods_;  // by name
  std::uint64_t newest_seen_ = 0;
};

}  // namespace tidegate::control
