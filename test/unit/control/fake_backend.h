#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "os/file.h"

namespace tidegate::control {

// Replicas in memory. What becomes of one is said by `fate`; a test may change it at any time.
class FakeBackend final : public backend::Backend {
 public:
  enum class Fate { ready, hangs, script_fails, crashes };

  explicit FakeBackend(os::Path data_dir) : data_dir_(std::move(data_dir)) {}

  // By version id and how many were started before.
  std::function<Fate(const std::string& version_id, int started)> fate =
      [](const std::string&, int) { return Fate::ready; };

  Result<> prepare(const backend::VersionPlan& plan) override {
    std::lock_guard hold(mutex_);
    if (!prepare_error_.empty()) return fail(Code::internal, prepare_error_);
    laid_out_.insert(plan.version_id);
    plans_[plan.version_id] = plan;
    plans_[plan.version_id].source_tree.clear();
    source_had_ = files_below(plan.source_tree);
    return {};
  }

  Result<> start(const backend::VersionPlan& plan, const std::string& replica_id) override {
    std::lock_guard hold(mutex_);
    if (!laid_out_.contains(plan.version_id)) return fail(Code::internal, "not prepared");
    if (replicas_.contains(replica_id)) return {};
    backend::Replica replica;
    replica.id = replica_id;
    replica.version_id = plan.version_id;
    replica.address = "unix:/nowhere/" + replica_id;
    replica.pid = 1000 + static_cast<int>(history_.size());
    apply(replica, fate(plan.version_id, started_[plan.version_id]++));
    replicas_[replica_id] = replica;
    history_.push_back("start " + replica_id);
    return {};
  }

  Result<> stop(const std::string& replica_id, Milliseconds) override {
    std::lock_guard hold(mutex_);
    auto found = replicas_.find(replica_id);
    if (found == replicas_.end() || found->second.exit) return {};
    history_.push_back("stop " + replica_id);
    found->second.phase = backend::ReplicaPhase::exited;
    found->second.exit = backend::ReplicaExit{.asked = true};
    return {};
  }

  Result<std::vector<backend::Replica>> observe() override {
    std::lock_guard hold(mutex_);
    std::vector<backend::Replica> all;
    for (const auto& [id, replica] : replicas_) all.push_back(replica);
    return all;
  }

  Result<> forget(const std::string& replica_id) override {
    std::lock_guard hold(mutex_);
    replicas_.erase(replica_id);
    return os::remove_tree(data_dir_ / "replicas" / replica_id);
  }

  Result<> remove_version(const std::string& version_id) override {
    std::lock_guard hold(mutex_);
    laid_out_.erase(version_id);
    return {};
  }

  Result<std::string> logs(const std::string&, std::size_t) override {
    return std::string("a line of the log\nthe last line of the log\n");
  }
  std::string model_data_place(const std::string& workspace) const override {
    return "/fake/" + workspace;
  }
  std::string isolation() const override { return "none (a fake)"; }

  // For tests.
  void fail_prepare(std::string message) {
    std::lock_guard hold(mutex_);
    prepare_error_ = std::move(message);
  }
  void kill(const std::string& replica_id) {
    std::lock_guard hold(mutex_);
    replicas_[replica_id].phase = backend::ReplicaPhase::exited;
    replicas_[replica_id].exit = backend::ReplicaExit{.signal = 9};
  }
  void make_ready(const std::string& replica_id) {
    std::lock_guard hold(mutex_);
    replicas_[replica_id].phase = backend::ReplicaPhase::ready;
  }
  std::vector<std::string> alive() {
    std::lock_guard hold(mutex_);
    std::vector<std::string> ids;
    for (const auto& [id, replica] : replicas_) {
      if (!replica.exit) ids.push_back(id);
    }
    return ids;
  }
  std::vector<std::string> history() {
    std::lock_guard hold(mutex_);
    return history_;
  }
  std::size_t versions() {
    std::lock_guard hold(mutex_);
    return laid_out_.size();
  }
  backend::VersionPlan plan_of(const std::string& version_id) {
    std::lock_guard hold(mutex_);
    return plans_[version_id];
  }
  std::set<std::string> source_had() {
    std::lock_guard hold(mutex_);
    return source_had_;
  }

 private:
  static std::set<std::string> files_below(const os::Path& folder) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) {
        names.insert(entry.path().lexically_relative(folder).string());
      }
    }
    return names;
  }

  void apply(backend::Replica& replica, Fate what) {
    if (what == Fate::ready) replica.phase = backend::ReplicaPhase::ready;
    if (what == Fate::ready || what == Fate::hangs) return;
    replica.phase = backend::ReplicaPhase::exited;
    replica.exit = backend::ReplicaExit{.code = what == Fate::script_fails ? 3 : 1};
    if (what != Fate::script_fails) return;
    os::Path run = data_dir_ / "replicas" / replica.id / "run";
    (void)os::make_directories(run);
    (void)os::write_file_atomic(run / "startup_error.json",
                                R"({"stage": "init", "message": "ValueError: no such column",)"
                                R"( "traceback": "Traceback: line 7, in init\n"})");
  }

  const os::Path data_dir_;
  std::mutex mutex_;
  std::map<std::string, backend::Replica> replicas_;
  std::map<std::string, int> started_;
  std::map<std::string, backend::VersionPlan> plans_;
  std::set<std::string> laid_out_;
  std::set<std::string> source_had_;
  std::vector<std::string> history_;
  std::string prepare_error_;
};

}  // namespace tidegate::control
