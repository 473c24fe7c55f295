#include "control/failure.h"

#include <fmt/format.h>

#include "base/json.h"

namespace tidegate::control {
namespace {

constexpr std::size_t kLinesKept = 200;
constexpr std::size_t kLinesShown = 20;

std::string_view what_failed(std::string_view stage) {
  if (stage == "init") return "init() failed";
  if (stage == "import") return "the entry script could not be imported";
  if (stage == "check") return "the entry script is not usable";
  return "the scoring server did not start";
}

void read_startup_error(const os::Path& data_dir, const std::string& replica_id,
                        Evidence& evidence) {
  auto text = os::read_file(data_dir / "replicas" / replica_id / "run" / "startup_error.json");
  if (!text) return;
  auto json = parse_json(*text, "startup_error.json");
  if (!json) return;
  evidence.stage = text_or(*json, "stage", "");
  evidence.message = text_or(*json, "message", "");
  evidence.traceback = text_or(*json, "traceback", "");
}

}  // namespace

std::string last_lines(std::string_view log_tail) {
  std::size_t start = log_tail.size();
  if (log_tail.ends_with('\n')) --start;
  for (std::size_t lines = 0; lines < kLinesShown; ++lines) {
    auto newline = start == 0 ? std::string_view::npos : log_tail.rfind('\n', start - 1);
    if (newline == std::string_view::npos) return std::string(log_tail);
    start = newline;
  }
  return std::string(log_tail.substr(start + 1));
}

Evidence collect_evidence(const os::Path& data_dir, backend::Backend& backend,
                          const std::string& version_id, const std::string& replica_id) {
  Evidence evidence;
  if (!replica_id.empty()) read_startup_error(data_dir, replica_id, evidence);
  if (auto lines = backend.logs(version_id, kLinesKept)) evidence.log_tail = std::move(*lines);
  return evidence;
}

std::string cause_of(const FailedReplica& failed) {
  std::string replica = failed.replica_id.empty()
                            ? failed.reason
                            : fmt::format("replica {} {}", failed.replica_id, failed.reason);
  if (failed.evidence.stage.empty()) return replica;
  return fmt::format("{}: {} ({})", what_failed(failed.evidence.stage), failed.evidence.message,
                     replica);
}

ErrorBody crash_error(const FailedReplica& failed) {
  std::string text = failed.evidence.traceback;
  if (!failed.evidence.log_tail.empty()) {
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    text += "The last lines of its log:\n" + last_lines(failed.evidence.log_tail);
  }
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text += "Correct the cause and deploy again.";
  return {.code = "KubernetesDeploymentFailed",
          .status = 400,
          .message = fmt::format("Deployment of {} failed: {}", failed.service, cause_of(failed)),
          .details = {{"CrashLoopBackOff", std::move(text), ""}}};
}

ErrorBody step_error(std::string code, const std::string& service, const Error& error) {
  return {.code = code,
          .status = 400,
          .message = fmt::format("Deployment of {} failed: {}", service, error.message),
          .details = {{std::move(code), error.message, service}}};
}

}  // namespace tidegate::control
