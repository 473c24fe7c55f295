#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "backend/kubernetes/labels.h"
#include "control/cluster_parts.h"
#include "os/base64.h"
#include "table/table.h"

namespace tidegate::control {

// A cluster in memory: Deployments that keep their count, and router pods that read the Secret of
// the table. What becomes of a version is said by its fate; a test may change it at any time.
class FakeCluster {
 public:
  enum class Fate { ready, pending, unschedulable, init_raises };

  std::atomic<bool> is_away = false;
  std::atomic<bool> hangs = false;    // calls do not come back, until it is let go
  std::atomic<bool> forbids = false;  // making things is refused
  std::atomic<bool> routers_apply = true;
  std::atomic<bool> has_routers = true;
  std::atomic<bool> is_terminating = false;  // the namespace
  std::atomic<int> node_port = 31080;
  std::atomic<bool> build_hangs = false;  // environments are not done until this is false
  std::atomic<int> builds_under_way = 0;

  // Of the backend.
  Result<> prepare(const backend::VersionPlan& plan) {
    TIDEGATE_TRY_VOID(reach());
    if (forbids) return fail(Code::forbidden, "may not create deployments in azureml-default");
    std::lock_guard hold(mutex_);
    deployments_.try_emplace(plan.version_id, 0);
    plans_[plan.version_id] = plan;
    history_.push_back("prepare " + plan.version_id);
    return {};
  }
  Result<> scale(const std::string& version_id, int count) {
    TIDEGATE_TRY_VOID(reach());
    std::lock_guard hold(mutex_);
    auto found = deployments_.find(version_id);
    if (found == deployments_.end()) return fail(Code::not_found, "no deployment " + version_id);
    found->second = count;
    history_.push_back("scale " + version_id + " to " + std::to_string(count));
    return {};
  }
  Result<> remove_version(const std::string& version_id) {
    TIDEGATE_TRY_VOID(reach());
    std::lock_guard hold(mutex_);
    deployments_.erase(version_id);
    history_.push_back("remove " + version_id);
    return {};
  }
  Result<std::vector<backend::Replica>> observe() {
    TIDEGATE_TRY_VOID(reach());
    std::lock_guard hold(mutex_);
    std::vector<backend::Replica> pods;
    for (const auto& [id, count] : deployments_) {
      for (int i = 0; i < count; ++i) {
        backend::Replica pod;
        pod.id = id + "-pod" + std::to_string(i);
        pod.version_id = id;
        pod.phase = fate_(id) == Fate::ready ? backend::ReplicaPhase::ready
                                             : backend::ReplicaPhase::starting;
        pod.node = "node-1";
        pods.push_back(pod);
      }
    }
    return pods;
  }
  Result<std::vector<backend::VersionSeen>> observe_versions() {
    TIDEGATE_TRY_VOID(reach());
    std::lock_guard hold(mutex_);
    std::vector<backend::VersionSeen> seen;
    for (const auto& [id, count] : deployments_) seen.push_back({id, count, trouble_of(id, count)});
    return seen;
  }

  // Of the API server.
  Result<Json> apply(const Json& manifest) {
    TIDEGATE_TRY_VOID(reach());
    if (forbids) return fail(Code::forbidden, "may not patch " + text_or(manifest, "kind", ""));
    std::lock_guard hold(mutex_);
    std::string kind = text_or(manifest, "kind", "");
    history_.push_back("apply " + kind);
    if (kind == "Deployment") has_routers = true;
    gone_.erase(kind);
    if (kind != "Secret" || !manifest["data"].contains("table.pb")) return manifest;
    auto bytes = os::from_base64(manifest["data"]["table.pb"].get<std::string>());
    auto table = table::decode(bytes.value_or(""));
    if (!table) return std::unexpected(table.error());
    table_ = std::move(*table);
    return manifest;
  }
  Result<fetch::Response> page(const fetch::Headers& headers) {
    TIDEGATE_TRY_VOID(reach());
    std::lock_guard hold(mutex_);
    if (routers_apply) router_has_ = table_.version;
    Json busy = Json::array();
    for (const std::string& id : busy_) busy.push_back(id);
    bool is_known = headers.size() == 1 && headers.begin()->second == "link-token";
    fetch::Response response;
    response.status = is_known ? 200 : 403;
    response.body = to_text(
        Json{{"routerId", "router-1"}, {"tableVersion", router_has_}, {"busy", std::move(busy)}});
    return response;
  }

  // For tests.
  void set_fate(std::function<Fate(const std::string& version_id)> fate) {
    std::lock_guard hold(mutex_);
    fate_ = std::move(fate);
  }
  table::Table table() {
    std::lock_guard hold(mutex_);
    return table_;
  }
  std::vector<std::string> history() {
    std::lock_guard hold(mutex_);
    return history_;
  }
  std::map<std::string, int> deployments() {
    std::lock_guard hold(mutex_);
    return deployments_;
  }
  backend::VersionPlan plan_of(const std::string& version_id) {
    std::lock_guard hold(mutex_);
    return plans_[version_id];
  }
  void set_busy(std::set<std::string> ids) {
    std::lock_guard hold(mutex_);
    busy_ = std::move(ids);
  }
  // Of the routers' objects, those of a kind; until it is applied again.
  void lose(const std::string& kind) {
    std::lock_guard hold(mutex_);
    gone_.insert(kind);
  }
  bool has(std::string_view kind) {
    std::lock_guard hold(mutex_);
    return has_routers && !gone_.contains(std::string(kind));
  }
  void lose_everything() {
    std::lock_guard hold(mutex_);
    deployments_.clear();
  }
  // Lets go of what hangs.
  void let_go() {
    hangs = false;
    std::lock_guard hold(hang_mutex_);
    let_go_.notify_all();
  }

 private:
  Result<> reach() {
    std::unique_lock hold(hang_mutex_);
    let_go_.wait(hold, [this] { return !hangs; });
    if (is_away) return fail(Code::unavailable, "the API server cannot be reached");
    return {};
  }

  std::optional<backend::Trouble> trouble_of(const std::string& id, int count) {
    if (count == 0) return std::nullopt;
    Fate what = fate_(id);
    if (what == Fate::unschedulable) {
      return backend::Trouble{"Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.",
                              "Ask for less CPU, or add a node.", id + "-pod0", false};
    }
    if (what != Fate::init_raises) return std::nullopt;
    return backend::Trouble{"CrashLoopBackOff", "init() failed: ValueError: no such column",
                            "Correct the cause and deploy again.", id + "-pod0", true};
  }

  std::mutex mutex_;
  std::function<Fate(const std::string& version_id)> fate_ = [](const std::string&) {
    return Fate::ready;
  };  // guarded by mutex_
  std::map<std::string, int> deployments_;             // guarded by mutex_, with their count
  std::map<std::string, backend::VersionPlan> plans_;  // guarded by mutex_
  std::vector<std::string> history_;                   // guarded by mutex_
  std::set<std::string> busy_;                         // guarded by mutex_
  std::set<std::string> gone_;                         // guarded by mutex_
  table::Table table_;                                 // guarded by mutex_
  std::uint64_t router_has_ = 0;                       // guarded by mutex_
  std::mutex hang_mutex_;
  std::condition_variable let_go_;
};

class FakeClusterBackend final : public backend::Backend {
 public:
  explicit FakeClusterBackend(FakeCluster& cluster) : cluster_(cluster) {}
  bool keeps_count() const override { return true; }
  Result<> scale(const std::string& version_id, int count) override {
    return cluster_.scale(version_id, count);
  }
  Result<std::vector<backend::VersionSeen>> observe_versions() override {
    return cluster_.observe_versions();
  }
  Result<> prepare(const backend::VersionPlan& plan) override { return cluster_.prepare(plan); }
  Result<> start(const backend::VersionPlan&, const std::string&) override {
    return fail(Code::internal, "a cluster starts its pods itself");
  }
  Result<> stop(const std::string&, Milliseconds) override {
    return fail(Code::internal, "a cluster stops its pods itself");
  }
  Result<std::vector<backend::Replica>> observe() override { return cluster_.observe(); }
  Result<> forget(const std::string&) override { return {}; }
  Result<> remove_version(const std::string& version_id) override {
    return cluster_.remove_version(version_id);
  }
  Result<std::string> logs(const std::string& version_id, std::size_t) override {
    return "a line of a pod of " + version_id + "\n";
  }
  std::string isolation() const override { return "pods"; }

 private:
  FakeCluster& cluster_;
};

class FakeEnvironments final : public EnvironmentProvider {
 public:
  explicit FakeEnvironments(FakeCluster& cluster) : cluster_(cluster) {}
  Result<image::BuiltEnvironment> ensure(const domain::Environment&,
                                         const image::EnvironmentOptions& options,
                                         const image::Environments::LineSink& on_line) override {
    ++cluster_.builds_under_way;
    while (cluster_.build_hangs && !options.is_cancelled()) {
      std::this_thread::sleep_for(Milliseconds(2));
    }
    --cluster_.builds_under_way;
    if (options.is_cancelled()) return fail(Code::cancelled, "the build was cancelled");
    on_line("Use the existing image.");
    image::BuiltEnvironment built;
    built.hash = "abc";
    built.interpreter = "/usr/bin/python3";
    built.found_in = "workspace registry";
    built.image = "registry/azureml/azureml_abc@sha256:1";
    return built;
  }

 private:
  FakeCluster& cluster_;
};

// Only what routers are reached by.
class FakeKube final : public kube::Client {
 public:
  explicit FakeKube(FakeCluster& cluster) : cluster_(cluster) {}
  Result<Json> apply(const Json& manifest) override { return cluster_.apply(manifest); }
  Result<List> list(const kube::Kind&, const kube::Where&) override {
    if (cluster_.is_away) return fail(Code::unavailable, "the API server cannot be reached");
    if (!cluster_.has_routers) return List{{}, "1"};
    Json ready{{"type", "Ready"}, {"status", "True"}};
    return List{{Json{{"metadata", {{"name", "tidegate-router-1"}}},
                      {"status", {{"conditions", Json::array({std::move(ready)})}}}}},
                "1"};
  }
  Result<fetch::Response> proxy_get(const kube::Where&, int, std::string_view,
                                    const fetch::Headers& headers) override {
    return cluster_.page(headers);
  }
  Result<Json> get(const kube::Kind& kind, const kube::Where& where) override {
    if (cluster_.is_away) return fail(Code::unavailable, "the API server cannot be reached");
    if (kind.kind == "Namespace") {
      Json status{{"phase", cluster_.is_terminating ? "Terminating" : "Active"}};
      return Json{{"metadata", {{"name", where.name}}}, {"status", std::move(status)}};
    }
    if (!cluster_.has(kind.kind)) return fail(Code::not_found, "not found");
    Json ports = Json::array({Json{{"nodePort", cluster_.node_port.load()}}});
    return Json{{"spec", {{"replicas", 1}, {"ports", std::move(ports)}}},
                {"status", {{"readyReplicas", 1}}}};
  }
  Result<Json> patch(const kube::Kind&, const kube::Where&, const Json&) override { return none(); }
  Result<> scale(const kube::Kind&, const kube::Where&, int) override { return none(); }
  Result<> remove(const kube::Kind&, const kube::Where&) override { return none(); }
  Result<std::string> pod_log(const kube::Where&, std::string_view, int, bool) override {
    return none();
  }
  Result<bool> may(const kube::Access&) override { return none(); }
  Result<std::string> server_version() override { return none(); }
  Result<> watch(const kube::Kind&, const kube::Where&, const std::string&, const OnEvent&,
                 const std::function<bool()>&) override {
    return none();
  }

 private:
  static std::unexpected<Error> none() { return fail(Code::internal, "not asked for here"); }
  FakeCluster& cluster_;
};

// A factory for clusters in memory, by compute name.
inline MakeCluster fake_clusters(std::map<std::string, FakeCluster*> clusters) {
  return [clusters = std::move(clusters)](
             const domain::ComputeTarget& target,
             const std::function<void()>&) -> Result<std::unique_ptr<ClusterParts>> {
    auto found = clusters.find(target.name);
    if (found == clusters.end()) return fail(Code::invalid, "no such cluster: " + target.name);
    auto parts = std::make_unique<ClusterParts>();
    parts->client = std::make_unique<FakeKube>(*found->second);
    parts->environments = std::make_unique<FakeEnvironments>(*found->second);
    parts->backend = std::make_unique<FakeClusterBackend>(*found->second);
    return parts;
  };
}

}  // namespace tidegate::control
