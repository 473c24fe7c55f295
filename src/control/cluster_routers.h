#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "control/router_keeper.h"
#include "control/router_pods.h"
#include "control/workers.h"
#include "domain/compute.h"
#include "kube/client.h"

namespace tidegate::control {

// The router pods of a cluster. They read their table from a Secret of the namespace, so publishing
// is applying that; what they have made of it is asked of each through the API server, several
// times a second while something is outstanding. While the API server is away nothing changes.
// Belongs to the loop's thread; calls are made on threads of its own, the newest table wins.
class ClusterRouters final : public Routers {
 public:
  // client, clock outlive this. attached_as: "<workspace>/<compute target>". moved: routers are
  // reached in another way now, as their Service says.
  ClusterRouters(kube::Client& client, const domain::ClusterAttachment& cluster,
                 const std::string& attached_as, http::Loop& loop, const Clock& clock,
                 std::function<void(const Json& service)> moved);
  ~ClusterRouters() override { is_ending_ = true; }

  void on_change(std::function<void()> callback) override { changed_ = std::move(callback); }
  void publish(table::Table table) override;
  bool all_applied(std::uint64_t version) const override;
  // Tables for pods name no replicas.
  bool all_drained(const std::string&, std::uint64_t) const override { return true; }
  bool version_drained(const std::string& version_id, std::uint64_t left_at) const override;
  void forget(const std::string&) override {}
  std::vector<RouterInfo> routers() const override { return pods_.routers(); }
  std::uint64_t newest_seen() const override { return pods_.newest_seen(); }

  std::optional<RoutersTrouble> trouble() const override { return keeper_.trouble(); }
  std::vector<std::string> take_news() override { return keeper_.take_news(); }
  RouterKeeper& keeper() { return keeper_; }

  // Nothing is under way: it may be destroyed without waiting for a call.
  bool is_idle() const {
    return apply_lane_.is_idle() && poll_lane_.is_idle() && keeper_.is_idle();
  }
  // No more calls.
  void stop();

 private:
  struct Seen {
    std::vector<RouterPod> pods;
    std::vector<std::pair<std::string, Result<RouterAnswer>>> answers;  // by pod
  };
  std::string table_to_begin_with() const;
  void on_restored();
  void apply();
  void on_applied(std::uint64_t version, const Result<Json>& applied);
  Result<Seen> look() const;  // on the lane
  void poll();
  void on_poll(Result<Seen> seen);
  void say(std::string trouble);

  kube::Client& client_;
  const domain::ClusterAttachment cluster_;
  const Clock& clock_;
  std::function<void()> changed_ = [] {};
  RouterPods pods_;
  table::Table table_;  // the newest
  std::uint64_t applied_ = 0;
  bool applying_ = false;
  bool polling_ = false;
  std::string said_;  // the last trouble in the log
  std::atomic<bool> is_ending_ = false;
  http::Timer apply_timer_;
  http::Timer poll_timer_;
  Workers apply_lane_;
  Workers poll_lane_;
  RouterKeeper keeper_;
};

// The Secret that holds the table. Pure.
Json table_secret(const table::Table& table, const domain::ClusterAttachment& cluster);

}  // namespace tidegate::control
