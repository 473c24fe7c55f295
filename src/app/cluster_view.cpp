#include "app/cluster_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/pod_ends.h"
#include "backend/kubernetes/labels.h"
#include "backend/kubernetes/pod_state.h"
#include "base/json_path.h"
#include "base/log.h"
#include "os/base64.h"
#include "table/router_page.h"

namespace tidegate::app {
namespace {

namespace labels = backend::kubernetes;

// backend may not include table, so it has these names for itself.
static_assert(labels::kRouterPage == table::kRouterPage);
static_assert(labels::kLinkTokenHeader == table::kLinkTokenHeader);

}  // namespace

std::optional<table::PodReplica> ready_replica(const Json& pod) {
  backend::Replica replica = backend::kubernetes::replica_of(pod);
  bool is_usable = replica.phase == backend::ReplicaPhase::ready && !replica.id.empty() &&
                   !replica.version_id.empty() && !replica.address.empty();
  if (!is_usable) return std::nullopt;
  return table::PodReplica{.id = replica.id,
                           .version_id = replica.version_id,
                           .address = replica.address,
                           .run = run_of(pod)};
}

Result<table::Table> table_of_secret(const Json& secret) {
  const std::string data = text_at(secret, {"data", labels::kTableKey});
  const std::string place =
      fmt::format("Secret {}, data.{}", labels::kTableSecret, labels::kTableKey);
  if (data.empty()) return fail(Code::invalid, place + " is missing");
  const std::optional<std::string> bytes = os::from_base64(data);
  if (!bytes) return fail(Code::invalid, place + " is no base64");
  Result<table::Table> table = table::decode(*bytes);
  if (!table) return fail_at(place, table.error());
  return table;
}

std::string pods_to_text(const Pods& pods) {
  Json list = Json::array();
  for (const table::PodReplica& pod : pods) {
    list.push_back(
        {{"id", pod.id}, {"version", pod.version_id}, {"address", pod.address}, {"run", pod.run}});
  }
  return to_pretty_text(list);
}

Result<Pods> pods_from_text(std::string_view text) {
  TIDEGATE_TRY(Json list, parse_json(text, "pods"));
  if (!list.is_array()) return fail(Code::invalid, "pods: no list");
  Pods pods;
  for (const Json& item : list) {
    table::PodReplica pod{.id = text_at(item, {"id"}),
                          .version_id = text_at(item, {"version"}),
                          .address = text_at(item, {"address"}),
                          .run = text_at(item, {"run"})};
    if (pod.id.empty() || pod.version_id.empty() || pod.address.empty()) {
      return fail(Code::invalid, "pods: one is without id, version or address");
    }
    pods.push_back(std::move(pod));
  }
  return pods;
}

bool ClusterView::take_table(table::Table table) {
  if (published_ && table.version < published_->version) {
    log(Level::warning, "older_table_ignored",
        {{"table", table.version}, {"ours", published_->version}});
    return false;
  }
  if (published_ && table.version == published_->version && table.version != 0) return false;
  published_ = std::move(table);
  return true;
}

bool ClusterView::take_no_table() {
  if (published_) return false;
  published_ = table::Table{};
  return true;
}

bool ClusterView::take_pods(Pods pods) {
  std::sort(pods.begin(), pods.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  if (pods_ == pods) return false;
  pods_ = std::move(pods);
  return true;
}

std::optional<table::Table> ClusterView::table() const {
  if (!published_ || !pods_) return std::nullopt;
  return table::with_pods(*published_, *pods_);
}

}  // namespace tidegate::app
