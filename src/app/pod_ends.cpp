#include "app/pod_ends.h"

#include <utility>

#include <fmt/format.h>

#include "backend/kubernetes/container_end.h"
#include "backend/kubernetes/pod_state.h"
#include "backend/kubernetes/workload.h"
#include "base/json_path.h"

namespace tidegate::app {
namespace {

namespace kubernetes = backend::kubernetes;

constexpr std::size_t kEndsMax = 1000;
constexpr std::size_t kTextMax = 300;

const Json* replica_status(const Json& pod) {
  return kubernetes::container_status(pod, kubernetes::kScoringContainer);
}

// A pod that its node has ended says why as a whole: "Evicted".
std::string text_of_end(const Json& pod, const kubernetes::ContainerEnd& end) {
  std::string text = end.exit.text();
  std::string reason = text_at(pod, {"status", "reason"});
  if (text_at(pod, {"status", "phase"}) == "Failed" && !reason.empty()) {
    text += fmt::format("; its node ended the pod ({}: {})", reason,
                        text_at(pod, {"status", "message"}));
  }
  return text.substr(0, kTextMax);
}

}  // namespace

std::string run_of(const Json& pod) {
  const Json* status = replica_status(pod);
  return status == nullptr ? "" : text_or(*status, "containerID", "");
}

void PodEnds::note(const PodObjects& pods) {
  std::lock_guard lock(mutex_);
  std::map<std::string, std::string> running;
  for (const auto& [name, pod] : pods) {
    if (std::string run = run_of(pod); !run.empty()) running.emplace(name, std::move(run));
    const Json* status = replica_status(pod);
    if (status == nullptr) continue;
    for (const kubernetes::ContainerEnd& end : kubernetes::ends_of(*status)) {
      remember(end.container_id, text_of_end(pod, end));
    }
  }
  for (const auto& [name, run] : std::exchange(running_, std::move(running))) {
    if (!pods.contains(name)) remember(run, fmt::format("ended with its pod {}", name));
  }
}

// What is known first stays.
void PodEnds::remember(const std::string& run, const std::string& text) {
  if (run.empty() || !texts_.try_emplace(run, text).second) return;
  order_.push_back(run);
  if (order_.size() <= kEndsMax) return;
  texts_.erase(order_.front());
  order_.pop_front();
}

std::optional<std::string> PodEnds::text_of(const std::string& run) const {
  std::lock_guard lock(mutex_);
  auto found = texts_.find(run);
  if (found == texts_.end()) return std::nullopt;
  return found->second;
}

}  // namespace tidegate::app
