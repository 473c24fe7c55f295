#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/cluster_routers.h"
#include "control/target.h"

namespace tidegate::control {

// The compute targets of a control: this machine always, and one for each attached cluster, made
// when its row appears and ended when it goes. Belongs to the loop's thread.
class Targets {
 public:
  // shared outlives this; make_cluster may be empty: clusters are not offered.
  Targets(const Shared& shared, MakeCluster make_cluster)
      : shared_(shared), make_cluster_(std::move(make_cluster)), timer_(shared.loop) {}

  void set_local(std::unique_ptr<Target> local) { local_ = std::move(local); }
  Target& local() { return *local_; }
  // Starts all; an error is one of this machine's.
  Result<> start();
  // No more actions anywhere. The services of clusters run on.
  void stop();

  // The target that has the services of that compute: the local one for processes and for names
  // that nobody knows.
  Target& find(const std::string& workspace, const std::string& compute_name);
  bool is_cluster(const std::string& workspace, const std::string& compute_name) const {
    return known_.contains({workspace, compute_name});
  }
  // Looks whether rows of clusters have come or gone; cheap while the store is as it was.
  void refresh();

  // What an operation waits for right now, wherever it runs; empty: nothing that is known.
  std::string waiting_for(const std::string& operation_id);

  // Routers of that cluster are left as they are until let_repairs(), because somebody takes them
  // out or puts in others. `then` is called once nothing is under way there; at once if there is no
  // such cluster.
  void hold_repairs(const std::string& workspace, const std::string& name,
                    std::function<void()> then);
  void let_repairs(const std::string& workspace, const std::string& name);

  struct Named {
    std::string workspace, name;
    Target* target;
  };
  std::vector<Named> clusters();

 private:
  using Key = std::pair<std::string, std::string>;  // workspace, compute name
  struct Cluster {
    domain::ComputeTarget row;
    std::unique_ptr<Target> target;
    ClusterRouters* routers = nullptr;  // the target's
  };
  Result<std::map<Key, domain::ComputeTarget>> rows() const;
  Result<Cluster> make(const domain::ComputeTarget& row);
  void note_moved(const Key& key, const Json& service);
  void begin(const Key& key, const domain::ComputeTarget& row);
  void end(Cluster cluster);
  void tick();

  const Shared& shared_;
  const MakeCluster make_cluster_;
  std::unique_ptr<Target> local_;
  std::map<Key, Cluster> clusters_;
  std::set<Key> known_;          // rows of clusters, also those that could not be made
  std::vector<Cluster> ending_;  // until their last job has ended
  std::uint64_t changes_ = 0;
  bool has_looked_ = false;
  bool is_incomplete_ = false;  // one could not be made
  bool stopped_ = false;
  MonoTime again_at_;
  http::Timer timer_;
};

// Of the service's target.
Context& context_for(Context& context, const domain::ServiceSpec& spec);

}  // namespace tidegate::control
