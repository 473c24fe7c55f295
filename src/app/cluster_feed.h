#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "app/cluster_view.h"
#include "app/pod_ends.h"
#include "kube/live_set.h"
#include "os/file.h"

namespace tidegate::app {

// Where a router of a cluster has its table from: the Secret that control publishes and the pods
// that are ready, both by watch, both kept on disk, so that a router that starts while the API
// server is down knows what the one before it knew. While the server is away, what was known stays.
// How replicas ended goes to `ends`.
class ClusterFeed {
 public:
  struct Options {
    std::string namespace_;
    os::Path table_file;
    os::Path pods_file;
  };
  // Each table to decide by; on threads of the feed, one at a time, the first perhaps before the
  // constructor returns.
  using OnTable = std::function<void(table::Table)>;

  // client, clock, ends outlive it.
  ClusterFeed(Options options, kube::Client& client, const Clock& clock, PodEnds& ends,
              OnTable on_table);
  ClusterFeed(const ClusterFeed&) = delete;

 private:
  void load();
  void on_secrets();
  void on_pods();
  void hand_on();  // with mutex_ held

  // Constant after construction.
  const Options options_;
  PodEnds& ends_;
  const OnTable on_table_;

  std::mutex mutex_;
  ClusterView view_;  // guarded by mutex_

  // Last: their threads call us until they are gone. Each thread touches its own set alone.
  std::unique_ptr<kube::LiveSet> secrets_;
  std::unique_ptr<kube::LiveSet> pods_;
};

}  // namespace tidegate::app
