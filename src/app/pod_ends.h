#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/json.h"

namespace tidegate::app {

// How the containers of replicas ended, by their ids, from what the API server says about pods. The
// kubelet tells it about a second after the end, so a request that was in flight is there first.
// Thread-safe.
class PodEnds {
 public:
  using PodObjects = std::map<std::string, Json>;  // by name

  // All pods of replicas, as they are now. One that is there no more and was not seen to end, ended
  // with its pod.
  void note(const PodObjects& pods);
  // For people: "killed by signal 9 (Killed), out of memory". nullopt: nothing is known of an end.
  std::optional<std::string> text_of(const std::string& run) const;

 private:
  void remember(const std::string& run, const std::string& text);

  mutable std::mutex mutex_;
  // Guarded by mutex_. The newest ends, in the order in which they became known.
  std::map<std::string, std::string> texts_;
  std::deque<std::string> order_;
  std::map<std::string, std::string> running_;  // pod -> its container
};

// The id of the container in which the pod's replica runs, or ran last; empty: none yet.
std::string run_of(const Json& pod);

}  // namespace tidegate::app
