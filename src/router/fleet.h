#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "router/routes.h"
#include "table/table.h"

namespace tidegate::router {

// Makes the live objects of each table, and carries those over that an older table had, with their
// counts. Knows which replicas have gone and when nothing of them is in flight any more. Belongs to
// the hub's thread.
class Fleet {
 public:
  Fleet(unsigned cores, SlotWatcher& watcher) : cores_(cores), watcher_(watcher) {}

  // Replicas whose address cannot be read are left out, with an error in the log. Builds are
  // counted, from 1: one published table is built again whenever its pods change.
  RoutesPtr build(table::Table table);
  std::uint64_t newest_build() const { return newest_build_; }
  // Every core decides by this build now: nobody can claim what it does not have.
  void all_cores_use(std::uint64_t build);

  // Replicas that went and have nothing in flight any more, each id once.
  std::vector<std::string> take_drained();
  // The same, all that is remembered (the last 10'000).
  std::vector<std::string> all_drained() const;
  // Ids of the versions of which something is in flight or queued, also of those that went; sorted.
  std::vector<std::string> busy_versions() const;
  bool is_waiting_for_any() const { return !going_.empty(); }

 private:
  struct Going {
    std::shared_ptr<Replica> replica;
    std::uint64_t since_build;
  };
  using Replicas = std::unordered_map<std::string, std::shared_ptr<Replica>>;

  LiveVersion make_version(const table::Version& version, Replicas& next);
  std::shared_ptr<VersionState> state_of(const std::string& version_id);
  std::shared_ptr<Replica> replica_of(const table::Replica& replica,
                                      const std::shared_ptr<VersionState>& version);
  std::shared_ptr<Replica> take_back(const std::string& replica_id);
  void remember_drained(const std::string& id);

  const unsigned cores_;
  SlotWatcher& watcher_;
  std::map<std::string, std::weak_ptr<VersionState>> versions_;
  Replicas present_;          // in the newest build
  std::vector<Going> going_;  // not in it, maybe with something in flight
  std::uint64_t newest_build_ = 0;
  std::uint64_t in_use_ = 0;  // the newest build that all cores use
  std::deque<std::string> drained_;
};

}  // namespace tidegate::router
