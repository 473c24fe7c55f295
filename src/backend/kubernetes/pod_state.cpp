#include "backend/kubernetes/pod_state.h"

#include <array>

#include <fmt/format.h>

#include "backend/kubernetes/container_end.h"
#include "backend/kubernetes/labels.h"
#include "backend/kubernetes/workload.h"
#include "base/json_path.h"

namespace tidegate::backend::kubernetes {
namespace {

constexpr int kScriptFailed = 3;  // the scoring server's exit code for import and init()
constexpr int kPullFailuresMax = 3;

// The element of a list whose `key` is `value`.
const Json* find_in(const Json* list, std::string_view key, std::string_view value) {
  if (list == nullptr || !list->is_array()) return nullptr;
  for (const Json& element : *list) {
    if (text_or(element, key, "") == value) return &element;
  }
  return nullptr;
}

const Json* condition_of(const Json& object, std::string_view type) {
  return find_in(find_at(object, {"status", "conditions"}), "type", type);
}

bool is_true(const Json* condition) {
  return condition != nullptr && text_or(*condition, "status", "") == "True";
}

const Json* scoring_spec(const Json& pod) {
  return find_in(find_at(pod, {"spec", "containers"}), "name", kScoringContainer);
}

std::string waiting_reason(const Json& status) {
  return text_at(status, {"state", "waiting", "reason"});
}

bool is_over(const Json& pod) {
  std::string phase = text_at(pod, {"status", "phase"});
  return phase == "Failed" || phase == "Succeeded";
}

ReplicaPhase phase_of(const Json& pod) {
  if (find_at(pod, {"metadata", "deletionTimestamp"}) != nullptr) return ReplicaPhase::stopping;
  if (is_over(pod)) return ReplicaPhase::exited;
  return is_ready(pod) ? ReplicaPhase::ready : ReplicaPhase::starting;
}

std::optional<Trouble> unschedulable(const Json& pod) {
  const Json* scheduled = condition_of(pod, "PodScheduled");
  if (scheduled == nullptr || text_or(*scheduled, "reason", "") != "Unschedulable") {
    return std::nullopt;
  }
  const Json* container = scoring_spec(pod);
  std::string asks = container == nullptr ? "" : resources_text(*container);
  return Trouble{.code = "Unschedulable",
                 .message = fmt::format("no node has room for pod {}, which asks for {}: {}",
                                        name_of(pod), asks, text_or(*scheduled, "message", "")),
                 .next_step =
                     "Lower containerResourceRequirements in the deployment config, or give the "
                     "cluster more or larger nodes; the pod is placed as soon as there is room."};
}

// Reasons of a container that waits for its image, as the kubelet words them.
bool is_image_reason(std::string_view reason) {
  constexpr std::array<std::string_view, 7> kReasons = {
      "ErrImagePull",      "ImagePullBackOff",    "InvalidImageName",         "ErrImageNeverPull",
      "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"};
  for (std::string_view known : kReasons) {
    if (reason == known) return true;
  }
  return false;
}

// Whether the registry answered, and said no. A registry that is away may come back.
bool is_refusal(std::string_view message) {
  constexpr std::array<std::string_view, 6> kWords = {
      "not found", "NotFound", "unauthorized", "authorization failed", "403 Forbidden", "denied"};
  for (std::string_view word : kWords) {
    if (message.find(word) != std::string_view::npos) return true;
  }
  return false;
}

// The kubelet repeats the image's name before each cause: the last cause says it.
std::string registrys_reason(const std::string& message) {
  for (std::string_view mark :
       {"failed to resolve reference ", "failed to copy: ", "failed to pull and unpack image "}) {
    auto found = message.rfind(mark);
    if (found == std::string::npos) continue;
    std::string rest = message.substr(found + mark.size());
    if (!rest.starts_with('"')) return rest;
    auto quote = rest.find("\": ", 1);
    if (quote != std::string::npos) return rest.substr(quote + 3);
  }
  return message;
}

std::optional<Trouble> image_trouble(const Json& pod, const Json* status, const Json* spec) {
  if (status == nullptr || !is_image_reason(waiting_reason(*status))) return std::nullopt;
  std::string message = text_at(*status, {"state", "waiting", "message"});
  std::string image = spec == nullptr ? text_or(*status, "image", "")
                                      : text_or(*spec, "image", text_or(*status, "image", ""));
  bool is_bad_name = waiting_reason(*status) == "InvalidImageName";
  std::string where = text_at(pod, {"spec", "nodeName"});
  return Trouble{.code = "ImagePullFailed",
                 .message = fmt::format("node {} cannot pull image {} for pod {}: {}", where, image,
                                        name_of(pod), registrys_reason(message)),
                 .next_step =
                     "Check that the registry has this image, that the nodes reach the registry "
                     "under this name, and the registry's user and password (attach the cluster "
                     "again to change them).",
                 .is_final = is_bad_name || is_refusal(message)};
}

std::optional<Trouble> config_trouble(const Json& pod, const Json* status) {
  if (status == nullptr) return std::nullopt;
  std::string reason = waiting_reason(*status);
  if (reason != "CreateContainerConfigError" && reason != "CreateContainerError" &&
      reason != "RunContainerError") {
    return std::nullopt;
  }
  return Trouble{.code = reason,
                 .message = fmt::format("the container of pod {} cannot be made: {}", name_of(pod),
                                        text_at(*status, {"state", "waiting", "message"})),
                 .next_step =
                     "If a Secret is missing, somebody has deleted it: deploy again and it is made "
                     "anew. Otherwise look at the events of the pod: kubectl describe pod."};
}

std::optional<Trouble> pull_trouble(const Json& pod) {
  const Json* status = container_status(pod, kPullContainer);
  if (status == nullptr) return std::nullopt;
  std::optional<ContainerEnd> end = last_end_of(*status);
  bool has_failed = end && (end->exit.code != 0 || end->exit.signal != 0);
  if (!has_failed) return std::nullopt;
  std::string said = end->message;
  while (said.ends_with('\n')) said.pop_back();
  return Trouble{.code = "InitContainerFailed",
                 .message = fmt::format("models and source cannot be brought to pod {} ({}): {}",
                                        name_of(pod), end->exit.text(), said),
                 .next_step =
                     "Check that the pods of the cluster reach the registry and that it still has "
                     "the service's artifact; deploying again pushes it again.",
                 .is_final = restarts_of(*status) >= kPullFailuresMax};
}

// A container that has been ready in its last run crashed at work; one that has not will most
// likely not come up the next time either. The condition changes its time only when it changes its
// value, so a change within the run is that it became ready and fell.
bool was_ready(const Json& pod, const ContainerEnd& end) {
  const Json* ready = condition_of(pod, "Ready");
  if (ready == nullptr) return false;
  return seconds_between(end.started_at, text_or(*ready, "lastTransitionTime", "")) > 0;
}

std::string_view what_failed(std::string_view stage) {
  if (stage == "init") return "init() failed";
  if (stage == "import") return "the entry script could not be imported";
  if (stage == "check") return "the entry script is not usable";
  return "the scoring server did not start";
}

Trouble out_of_memory(const Json& pod, const ContainerEnd& end) {
  const Json* container = scoring_spec(pod);
  std::string limit =
      container == nullptr ? "" : text_at(*container, {"resources", "limits", "memory"});
  std::string cause = limit.empty() ? "its node had no memory left and it has no limit of its own"
                                    : fmt::format("it used more than its limit of {}", limit);
  return {.code = "OutOfMemory",
          .message = fmt::format("pod {} was killed for memory: {}", name_of(pod), cause),
          .next_step =
              "Raise containerResourceRequirements.memoryInGB and memoryInGBLimit in the "
              "deployment config, or make the model or its requests smaller.",
          .is_final = !was_ready(pod, end)};
}

// The kubelet kills what its startup probe gave up, and says so in an event only.
bool is_startup_probe(const Json& pod, const ContainerEnd& end) {
  const Json* container = scoring_spec(pod);
  const Json* probe = container == nullptr ? nullptr : find_at(*container, {"startupProbe"});
  if (probe == nullptr || end.exit.signal == 0 || was_ready(pod, end)) return false;
  std::int64_t patience =
      number_at(*probe, {"periodSeconds"}) * number_at(*probe, {"failureThreshold"});
  return patience > 0 && seconds_between(end.started_at, end.finished_at) >= patience;
}

Trouble crash(const Json& pod, const Json& status, const ContainerEnd& end) {
  StartupError said = startup_error_of(end);
  std::string cause;
  std::string evidence =
      said.stage.empty() && said.traceback.empty() ? end.message : said.traceback;
  bool is_final = waiting_reason(status) == "CrashLoopBackOff" && !was_ready(pod, end);
  if (end.never_ran()) {
    cause = fmt::format("the program of pod {} could not be started", name_of(pod));
    is_final = true;
  } else if (is_startup_probe(pod, end)) {
    cause = fmt::format("init() of pod {} had not returned after {} s", name_of(pod),
                        seconds_between(end.started_at, end.finished_at));
    is_final = true;
  } else if (!said.stage.empty()) {
    cause = fmt::format("{}: {} (pod {} {})", what_failed(said.stage), said.message, name_of(pod),
                        end.exit.text());
    is_final = end.exit.code == kScriptFailed;
  } else {
    cause = fmt::format("pod {} {}", name_of(pod), end.exit.text());
    is_final = is_final || end.exit.code == kScriptFailed;
  }
  while (evidence.ends_with('\n')) evidence.pop_back();
  return {.code = "CrashLoopBackOff",
          .message = evidence.empty() ? cause : cause + "\n" + evidence,
          .next_step = "Correct the cause and deploy again; the service's logs have more.",
          .is_final = is_final};
}

std::optional<Trouble> end_trouble(const Json& pod) {
  const Json* status = container_status(pod, kScoringContainer);
  if (status == nullptr) return std::nullopt;
  std::optional<ContainerEnd> end = last_end_of(*status);
  if (!end) return std::nullopt;
  if (end->exit.out_of_memory) return out_of_memory(pod, *end);
  return crash(pod, *status, *end);
}

// The whole pod was ended by its node: the Deployment makes another.
std::optional<Trouble> eviction(const Json& pod) {
  if (text_at(pod, {"status", "phase"}) != "Failed") return std::nullopt;
  std::string reason = text_at(pod, {"status", "reason"});
  if (reason.empty()) return std::nullopt;
  return Trouble{.code = reason,
                 .message = fmt::format("pod {} was ended by node {}: {}", name_of(pod),
                                        text_at(pod, {"spec", "nodeName"}),
                                        text_at(pod, {"status", "message"})),
                 .next_step =
                     "Another pod takes its place; give the nodes more room if it comes "
                     "again."};
}

std::optional<Trouble> first_trouble(const Json& pod) {
  if (auto found = unschedulable(pod)) return found;
  if (auto found = eviction(pod)) return found;
  const Json* inits = find_at(pod, {"spec", "initContainers"});
  if (auto found = image_trouble(pod, container_status(pod, kPullContainer),
                                 find_in(inits, "name", kPullContainer))) {
    return found;
  }
  if (auto found = config_trouble(pod, container_status(pod, kPullContainer))) return found;
  if (auto found = pull_trouble(pod)) return found;
  if (auto found = image_trouble(pod, container_status(pod, kScoringContainer), scoring_spec(pod)))
    return found;
  if (auto found = config_trouble(pod, container_status(pod, kScoringContainer))) return found;
  return end_trouble(pod);
}

}  // namespace

bool is_ready(const Json& pod) {
  return is_true(condition_of(pod, "Ready"));
}

Replica replica_of(const Json& pod) {
  Replica out{.id = name_of(pod),
              .version_id = label_of(pod, kVersionLabel),
              .phase = phase_of(pod),
              .node = text_at(pod, {"spec", "nodeName"})};
  std::string ip = text_at(pod, {"status", "podIP"});
  bool is_ip6 = ip.find(':') != std::string::npos;
  if (is_ip6) ip = fmt::format("[{}]", ip);
  if (!ip.empty()) out.address = fmt::format("tcp:{}:{}", ip, kScoringPort);
  const Json* status = container_status(pod, kScoringContainer);
  std::optional<ContainerEnd> end = status == nullptr ? std::nullopt : last_end_of(*status);
  if (end) out.exit = end->exit;
  if (out.phase == ReplicaPhase::exited && !out.exit) out.exit = ReplicaExit{.lost = true};
  return out;
}

std::optional<Trouble> trouble_of_pod(const Json& pod) {
  ReplicaPhase phase = phase_of(pod);
  if (phase == ReplicaPhase::ready || phase == ReplicaPhase::stopping) return std::nullopt;
  std::optional<Trouble> trouble = first_trouble(pod);
  if (trouble) trouble->replica_id = name_of(pod);
  return trouble;
}

std::optional<Trouble> trouble_of_deployment(const Json& deployment) {
  const Json* failure = condition_of(deployment, "ReplicaFailure");
  if (!is_true(failure)) return std::nullopt;
  std::string message = text_or(*failure, "message", "");
  bool is_quota = message.find("exceeded quota") != std::string::npos;
  std::string_view next_step =
      is_quota ? "Ask for less in containerResourceRequirements or for fewer replicas, delete "
                 "services that are not needed, or raise the namespace's quota."
               : "Change what the namespace allows, or attach the cluster with another namespace.";
  return Trouble{.code = "Forbidden",
                 .message = fmt::format("the cluster does not let Deployment {} of namespace {} "
                                        "make its pods: {}",
                                        name_of(deployment),
                                        text_at(deployment, {"metadata", "namespace"}), message),
                 .next_step = std::string(next_step),
                 .is_final = message.find("violates PodSecurity") != std::string::npos};
}

int wanted_of(const Json& deployment) {
  return static_cast<int>(number_at(deployment, {"spec", "replicas"}));
}

std::string label_of(const Json& object, std::string_view label) {
  return text_at(object, {"metadata", "labels", label});
}

const Json* container_status(const Json& pod, std::string_view container) {
  for (std::string_view kind : {"containerStatuses", "initContainerStatuses"}) {
    if (const Json* found = find_in(find_at(pod, {"status", kind}), "name", container))
      return found;
  }
  return nullptr;
}

int restarts_of(const Json& status) {
  return static_cast<int>(number_at(status, {"restartCount"}));
}

std::string name_of(const Json& object) {
  return text_at(object, {"metadata", "name"});
}

bool is_worse(const Trouble& a, const Trouble& b) {
  return a.is_final && !b.is_final;
}

}  // namespace tidegate::backend::kubernetes
