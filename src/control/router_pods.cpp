#include "control/router_pods.h"

#include <algorithm>

#include "backend/kubernetes/pod_state.h"

namespace tidegate::control {
namespace {

// A pod that is not ready and does not answer for so long holds nothing any more: its node is dead.
constexpr std::chrono::seconds kSilenceMax{30};

std::set<std::string> version_ids(const table::Table& table) {
  std::set<std::string> ids;
  for (const table::Service& service : table.services) {
    for (const table::Version& version : service.versions) ids.insert(version.id);
  }
  return ids;
}

}  // namespace

Result<RouterAnswer> parse_router_page(std::string_view body) {
  TIDEGATE_TRY(Json json, parse_json(body, "router page"));
  const Json* version = find_member(json, "tableVersion");
  if (version == nullptr || !version->is_number_unsigned()) {
    return fail(Code::invalid, "router page: tableVersion is missing or no number");
  }
  RouterAnswer answer{text_or(json, "routerId", ""), version->get<std::uint64_t>(), {}};
  const Json* busy = find_member(json, "busy");
  if (busy == nullptr || !busy->is_array()) {
    return fail(Code::invalid, "router page: busy is missing or no list");
  }
  for (const Json& id : *busy) {
    if (!id.is_string()) return fail(Code::invalid, "router page: busy has something but ids");
    answer.busy.insert(id.get<std::string>());
  }
  return answer;
}

RouterPod router_pod_of(const Json& pod) {
  return {backend::kubernetes::name_of(pod), backend::kubernetes::is_ready(pod)};
}

void RouterPods::set_pods(const std::vector<RouterPod>& pods, MonoTime now) {
  std::set<std::string> names;
  for (const RouterPod& pod : pods) {
    names.insert(pod.name);
    auto [entry, is_new] = pods_.try_emplace(pod.name);
    Heard& heard = entry->second;
    heard.is_ready = pod.is_ready;
    heard.was_ready = heard.was_ready || pod.is_ready;
    if (is_new || pod.is_ready) heard.last_sign = now;
  }
  std::erase_if(pods_, [&](const auto& entry) { return !names.contains(entry.first); });
}

void RouterPods::hear(const std::string& pod, RouterAnswer answer, MonoTime now) {
  auto found = pods_.find(pod);
  if (found == pods_.end()) return;
  newest_seen_ = std::max(newest_seen_, answer.table_version);
  found->second.last_sign = now;
  found->second.answer = std::move(answer);
}

bool RouterPods::counts(const Heard& heard, MonoTime now) {
  return heard.is_ready || (heard.was_ready && now - heard.last_sign < kSilenceMax);
}

bool RouterPods::all_applied(std::uint64_t version, MonoTime now) const {
  bool any = false;
  for (const auto& [name, heard] : pods_) {
    if (!counts(heard, now)) continue;
    any = true;
    if (!heard.answer || heard.answer->table_version < version) return false;
  }
  return any;
}

bool RouterPods::version_drained(const std::string& version_id, std::uint64_t left_at,
                                 MonoTime now) const {
  if (!all_applied(left_at, now)) return false;
  return std::ranges::none_of(pods_, [&](const auto& entry) {
    const Heard& heard = entry.second;
    return counts(heard, now) && heard.answer->busy.contains(version_id);
  });
}

bool RouterPods::is_outstanding(const table::Table& table, MonoTime now) const {
  if (!all_applied(table.version, now)) return true;
  std::set<std::string> there = version_ids(table);
  return std::ranges::any_of(pods_, [&](const auto& entry) {
    return entry.second.answer &&
           std::ranges::any_of(entry.second.answer->busy,
                               [&](const std::string& id) { return !there.contains(id); });
  });
}

std::vector<RouterInfo> RouterPods::routers() const {
  std::vector<RouterInfo> routers;
  for (const auto& [name, heard] : pods_) {
    routers.push_back({name, 0, heard.answer ? heard.answer->table_version : 0});
  }
  return routers;
}

}  // namespace tidegate::control
