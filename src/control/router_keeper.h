#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "control/observed.h"
#include "control/workers.h"
#include "domain/compute.h"
#include "kube/client.h"

namespace tidegate::control {

// Sees to it that a cluster's routers are there: what attach has put into the namespace is put back
// when any of it has gone, also with the whole namespace. Asks every two seconds, on a thread of
// its own. Belongs to the loop's thread.
class RouterKeeper {
 public:
  struct Hooks {
    std::function<std::string()> table;  // encoded; what restored routers begin with
    std::function<void()> restored;      // the Secrets are new
    std::function<void()> changed;       // trouble() or news
    // The Service as it is, when the routers are reached in another way than before.
    std::function<void(const Json& service)> moved;
  };
  // client, clock outlive this. attached_as: "<workspace>/<compute target>".
  RouterKeeper(kube::Client& client, domain::ClusterAttachment cluster, std::string attached_as,
               http::Loop& loop, const Clock& clock);

  void start(Hooks hooks);
  // No more calls.
  void stop();
  bool is_idle() const { return lane_.is_idle(); }

  // Nothing is put back until release(): somebody takes the routers out, or puts in others. `then`
  // is called once nothing is under way.
  void hold(std::function<void()> then);
  void release();

  const std::optional<RoutersTrouble>& trouble() const { return trouble_; }
  // What people who wait should read; each once.
  std::vector<std::string> take_news() { return std::exchange(news_, {}); }

  // What one look has found. `service` is null if it is not known.
  struct Found {
    std::string restored;  // "were gone", "had lost Role x": what is back; empty: nothing was
    std::optional<backend::Trouble> trouble;
    Json service;
  };

 private:
  void check();
  Result<Found> look(bool may_restore, const std::string& table) const;  // on the lane
  // Of what attach puts into the namespace.
  struct Parts {
    std::vector<std::string> missing;  // "Role tidegate-router"
    Result<Json> deployment;
    Result<Json> service;
  };
  Result<Parts> look_at_parts() const;
  Result<Found> restore(const std::vector<std::string>& missing, const std::string& table) const;
  std::optional<backend::Trouble> trouble_of_pods(const Json& deployment) const;
  void on_look(Result<Found> found);
  void note_trouble(std::optional<backend::Trouble> trouble);
  void note_service(const Json& service);

  kube::Client& client_;
  const domain::ClusterAttachment cluster_;
  const std::string attached_as_;
  const Clock& clock_;
  Hooks hooks_;
  std::optional<RoutersTrouble> trouble_;
  std::vector<std::string> news_;
  std::string base_;  // as the Service last said
  bool checking_ = false;
  bool held_ = false;
  std::function<void()> when_quiet_;
  std::atomic<bool> is_ending_ = false;
  http::Timer timer_;
  Workers lane_;
};

}  // namespace tidegate::control
