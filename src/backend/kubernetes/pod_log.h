#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "kube/client.h"

namespace tidegate::backend::kubernetes {

// Which logs of a pod tell most about it.
struct LogWanted {
  std::string container;
  bool previous = false;  // of its run before this one
};
// In the order in which they were written: the init container's if it is what fails or still works;
// else the scoring container's, with its run before if it was restarted. Pure.
std::vector<LogWanted> logs_wanted(const Json& pod);

// The newest lines of the pods, at most `lines_max` together, each pod under a header line with its
// node. What cannot be read is said in place of the log. Calls block.
Result<std::string> newest_lines(kube::Client& client, const std::vector<Json>& pods,
                                 std::size_t lines_max);

}  // namespace tidegate::backend::kubernetes
