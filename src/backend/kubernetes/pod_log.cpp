#include "backend/kubernetes/pod_log.h"

#include <algorithm>

#include <fmt/format.h>

#include "backend/kubernetes/pod_state.h"
#include "backend/kubernetes/workload.h"

namespace tidegate::backend::kubernetes {
namespace {

std::string container_of(const LogWanted& wanted) {
  return wanted.previous ? fmt::format("{}, before its restart", wanted.container)
                         : wanted.container;
}

kube::Where where_of(const Json& pod) {
  const Json* metadata = find_member(pod, "metadata");
  return {.namespace_ = metadata == nullptr ? "" : text_or(*metadata, "namespace", ""),
          .name = name_of(pod)};
}

std::string with_newline(std::string text) {
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  return text;
}

}  // namespace

std::vector<LogWanted> logs_wanted(const Json& pod) {
  const Json* status = container_status(pod, kPullContainer);
  const Json* state = status == nullptr ? nullptr : find_member(*status, "state");
  const Json* end = state == nullptr ? nullptr : find_member(*state, "terminated");
  bool is_pulled = end != nullptr && text_or(*end, "reason", "") == "Completed";
  if (status != nullptr && !is_pulled) return {{std::string(kPullContainer), false}};
  status = container_status(pod, kScoringContainer);
  if (status == nullptr) return {};
  state = find_member(*status, "state");
  // Of a container that waits to be restarted the kubelet gives the log of its last run anyway.
  bool runs_again = restarts_of(*status) > 0 && state != nullptr && find_member(*state, "running");
  std::vector<LogWanted> out;
  if (runs_again) out.push_back({std::string(kScoringContainer), true});
  out.push_back({std::string(kScoringContainer), false});
  return out;
}

Result<std::string> newest_lines(kube::Client& client, const std::vector<Json>& pods,
                                 std::size_t lines_max) {
  std::string out;
  std::size_t pods_left = pods.size();
  std::size_t lines_left = lines_max;
  for (const Json& pod : pods) {
    std::size_t share = std::max<std::size_t>(1, lines_left / pods_left--);
    std::string node = replica_of(pod).node;
    out += node.empty() ? fmt::format("==> pod {} <==\n", name_of(pod))
                        : fmt::format("==> pod {} on node {} <==\n", name_of(pod), node);
    std::vector<LogWanted> wanted = logs_wanted(pod);
    for (const LogWanted& one : wanted) {
      auto lines = std::max<std::size_t>(1, share / wanted.size());
      auto text =
          client.pod_log(where_of(pod), one.container, static_cast<int>(lines), one.previous);
      if (wanted.size() > 1 || one.container != kScoringContainer) {
        out += fmt::format("--- {}\n", container_of(one));
      }
      out += text ? with_newline(std::move(*text)) : fmt::format("({})\n", text.error().message);
    }
    lines_left -= std::min(lines_left, share);
  }
  return out;
}

}  // namespace tidegate::backend::kubernetes
