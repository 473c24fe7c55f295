#include "app/cluster_feed.h"

#include <fmt/format.h>

#include "backend/kubernetes/labels.h"
#include "base/log.h"
#include "table/table_file.h"

namespace tidegate::app {
namespace {

namespace labels = backend::kubernetes;

// What could not be kept is known all the same; the next change tries again.
void log_failure(std::string_view event, const Error& error) {
  log(Level::error, event, {{"error", error.message}});
}

}  // namespace

ClusterFeed::ClusterFeed(Options options, kube::Client& client, const Clock& clock, PodEnds& ends,
                         OnTable on_table)
    : options_(std::move(options)), ends_(ends), on_table_(std::move(on_table)) {
  // Held until both are there: a set's first call may come before its constructor has returned.
  std::lock_guard lock(mutex_);
  load();
  kube::Where table_secret;
  table_secret.namespace_ = options_.namespace_;
  table_secret.fields = fmt::format("metadata.name={}", labels::kTableSecret);
  secrets_ = std::make_unique<kube::LiveSet>(client, kube::kSecret, table_secret, clock,
                                             [this] { on_secrets(); });
  kube::Where replicas;
  replicas.namespace_ = options_.namespace_;
  replicas.selector = labels::kReplicaSelector;
  pods_ =
      std::make_unique<kube::LiveSet>(client, kube::kPod, replicas, clock, [this] { on_pods(); });
}

void ClusterFeed::load() {
  Result<std::optional<table::Table>> table = table::read_table(options_.table_file);
  if (!table) log_failure("table_unreadable", table.error());
  if (table && *table) view_.take_table(std::move(**table));
  Result<std::string> text = os::read_file(options_.pods_file);
  if (!text) {
    if (text.error().code != Code::not_found) log_failure("pods_unreadable", text.error());
  } else if (Result<Pods> pods = pods_from_text(*text); !pods) {
    log_failure("pods_unreadable", pods.error());
  } else {
    view_.take_pods(std::move(*pods));
  }
  hand_on();
}

void ClusterFeed::on_secrets() {
  std::lock_guard lock(mutex_);
  const auto secrets = secrets_->snapshot();
  if (!secrets) return;
  const auto found = secrets->find(std::string(labels::kTableSecret));
  if (found == secrets->end()) {
    log(Level::warning, "no_table_in_cluster", {{"namespace", options_.namespace_}});
    if (view_.take_no_table()) hand_on();
    return;
  }
  Result<table::Table> table = table_of_secret(found->second);
  if (!table) return log_failure("table_unreadable", table.error());
  if (!view_.take_table(std::move(*table))) return;
  hand_on();
  Result<> kept = table::write_table(options_.table_file, *view_.published());
  if (!kept) log_failure("table_not_kept", kept.error());
}

void ClusterFeed::on_pods() {
  std::lock_guard lock(mutex_);
  const auto objects = pods_->snapshot();
  if (!objects) return;
  ends_.note(*objects);
  Pods pods;
  for (const auto& [name, pod] : *objects) {
    if (auto replica = ready_replica(pod)) pods.push_back(std::move(*replica));
  }
  if (!view_.take_pods(std::move(pods))) return;
  log(Level::info, "pods_changed", {{"ready", view_.pods()->size()}});
  hand_on();
  Result<> kept = os::write_file_quick(options_.pods_file, pods_to_text(*view_.pods()), 0600);
  if (!kept) log_failure("pods_not_kept", kept.error());
}

void ClusterFeed::hand_on() {
  if (std::optional<table::Table> table = view_.table()) on_table_(std::move(*table));
}

}  // namespace tidegate::app
