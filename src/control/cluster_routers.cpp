#include "control/cluster_routers.h"

#include <algorithm>

#include <fmt/format.h>

#include "backend/kubernetes/labels.h"
#include "backend/kubernetes/router_workload.h"
#include "base/log.h"

namespace tidegate::control {
namespace {

namespace kubernetes = backend::kubernetes;

constexpr Milliseconds kSoon{200};     // something is outstanding
constexpr Milliseconds kQuiet{2'000};  // nothing is
constexpr Milliseconds kRetry{1'000};  // after a failure

Result<RouterAnswer> ask(kube::Client& client, const kube::Where& pod, const Secret& token) {
  fetch::Headers headers{{std::string(kubernetes::kLinkTokenHeader), token.reveal()}};
  TIDEGATE_TRY(fetch::Response page,
               client.proxy_get(pod, kubernetes::kRouterPort, kubernetes::kRouterPage, headers));
  if (page.status != 200) {
    return fail(Code::unavailable, fmt::format("router pod {} answers {}", pod.name, page.status));
  }
  return parse_router_page(page.body);
}

}  // namespace

Json table_secret(const table::Table& table, const domain::ClusterAttachment& cluster) {
  return kubernetes::table_manifest(cluster, table::encode(table));
}

ClusterRouters::ClusterRouters(kube::Client& client, const domain::ClusterAttachment& cluster,
                               const std::string& attached_as, http::Loop& loop, const Clock& clock,
                               std::function<void(const Json& service)> moved)
    : client_(client),
      cluster_(cluster),
      clock_(clock),
      apply_timer_(loop),
      poll_timer_(loop),
      apply_lane_(loop, /*threads=*/1),
      poll_lane_(loop, /*threads=*/1),
      keeper_(client, cluster, attached_as, loop, clock) {
  keeper_.start({.table = [this] { return table_to_begin_with(); },
                 .restored = [this] { on_restored(); },
                 .changed = [this] { changed_(); },
                 .moved = std::move(moved)});
  poll();
}

std::string ClusterRouters::table_to_begin_with() const {
  table::Table table = table_;
  table.version = std::max<std::uint64_t>(table.version, 1);
  return table::encode(table);
}

// What was applied may have gone with them.
void ClusterRouters::on_restored() {
  applied_ = 0;
  apply();
}

void ClusterRouters::stop() {
  is_ending_ = true;
  apply_timer_.cancel();
  poll_timer_.cancel();
  keeper_.stop();
}

bool ClusterRouters::all_applied(std::uint64_t version) const {
  return pods_.all_applied(version, clock_.mono());
}

bool ClusterRouters::version_drained(const std::string& version_id, std::uint64_t left_at) const {
  return pods_.version_drained(version_id, left_at, clock_.mono());
}

void ClusterRouters::publish(table::Table table) {
  table_ = std::move(table);
  apply();
}

void ClusterRouters::apply() {
  if (is_ending_ || applying_ || table_.version <= applied_) return;
  applying_ = true;
  apply_lane_.start(
      [&client = client_, secret = table_secret(table_, cluster_)] { return client.apply(secret); },
      [this, version = table_.version](const Result<Json>& applied) {
        on_applied(version, applied);
      });
}

void ClusterRouters::on_applied(std::uint64_t version, const Result<Json>& applied) {
  applying_ = false;
  if (is_ending_) return;
  if (!applied) {
    say(applied.error().message);
    apply_timer_.start(kRetry, [this] { apply(); });
    return;
  }
  applied_ = version;
  log(Level::info, "table_applied", {{"namespace", cluster_.kube_namespace}, {"version", version}});
  apply();  // a newer one may have come meanwhile
  poll();
}

Result<ClusterRouters::Seen> ClusterRouters::look() const {
  kube::Where where;
  where.namespace_ = cluster_.kube_namespace;
  where.selector = kubernetes::kRouterSelector;
  where.is_cancelled = [this] { return is_ending_.load(); };
  TIDEGATE_TRY(kube::Client::List list, client_.list(kube::kPod, where));
  where.selector.clear();
  Seen seen;
  for (const Json& item : list.items) {
    RouterPod pod = router_pod_of(item);
    where.name = pod.name;
    seen.answers.emplace_back(pod.name, ask(client_, where, cluster_.link_token));
    seen.pods.push_back(std::move(pod));
  }
  return seen;
}

void ClusterRouters::poll() {
  if (is_ending_ || polling_) return;
  polling_ = true;
  poll_lane_.start([this] { return look(); },
                   [this](Result<Seen> seen) { on_poll(std::move(seen)); });
}

void ClusterRouters::on_poll(Result<Seen> seen) {
  polling_ = false;
  if (is_ending_) return;
  if (!seen) {
    say(seen.error().message);
    poll_timer_.start(kRetry, [this] { poll(); });
    return;
  }
  MonoTime now = clock_.mono();
  std::string trouble;
  pods_.set_pods(seen->pods, now);
  for (auto& [pod, answer] : seen->answers) {
    if (answer) {
      pods_.hear(pod, std::move(*answer), now);
    } else {
      trouble = answer.error().message;
    }
  }
  say(std::move(trouble));
  changed_();
  poll_timer_.start(pods_.is_outstanding(table_, now) ? kSoon : kQuiet, [this] { poll(); });
}

// Once, not several times a second.
void ClusterRouters::say(std::string trouble) {
  if (trouble == said_) return;
  said_ = std::move(trouble);
  if (said_.empty()) return;
  log(Level::warning, "cluster_routers",
      {{"namespace", cluster_.kube_namespace}, {"reason", said_}});
}

}  // namespace tidegate::control
