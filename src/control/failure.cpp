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

// The platform's word for each (spec deploy.md 6).
std::string_view outer_code(std::string_view trouble_code) {
  if (trouble_code == "Unschedulable") return "KubernetesError";
  if (trouble_code == "ImagePullFailed") return "InaccessibleImage";
  return "KubernetesDeploymentFailed";
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

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

std::string_view before_traceback(std::string_view log_tail, std::string_view told) {
  constexpr std::string_view kBegin = "Traceback (most recent call last)";
  while (told.ends_with('\n')) told.remove_suffix(1);
  std::string_view last = told.substr(told.rfind('\n') + 1);
  bool is_there =
      told.find(kBegin) != std::string_view::npos && log_tail.find(last) != std::string_view::npos;
  auto begin = is_there ? log_tail.find(kBegin) : std::string_view::npos;
  if (begin == std::string_view::npos) return log_tail;
  auto line = begin == 0 ? std::string_view::npos : log_tail.rfind('\n', begin - 1);
  return log_tail.substr(0, line == std::string_view::npos ? 0 : line + 1);
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
  std::string_view log_tail = before_traceback(failed.evidence.log_tail, text);
  if (!log_tail.empty()) {
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    text += "The last lines of its log:\n" + last_lines(log_tail);
  }
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text += "Correct the cause and deploy again.";
  return {.code = "KubernetesDeploymentFailed",
          .status = 400,
          .message = fmt::format("Deployment of {} failed: {}", failed.service, cause_of(failed)),
          .details = {{"CrashLoopBackOff", std::move(text), ""}}};
}

std::string text_of(const backend::Trouble& trouble) {
  return trouble.code + ": " + trouble.message;
}

ErrorBody trouble_error(const std::string& service, const backend::Trouble& trouble,
                        std::string_view log_tail) {
  std::string text = trouble.message;
  log_tail = before_traceback(log_tail, text);
  if (!log_tail.empty()) text += "\nThe last lines of its log:\n" + last_lines(log_tail);
  if (!trouble.next_step.empty()) {
    text += (text.ends_with('\n') ? "" : "\n") + trouble.next_step;
  }
  std::string about = trouble.replica_id.empty() ? "" : " (pod " + trouble.replica_id + ")";
  return {.code = std::string(outer_code(trouble.code)),
          .status = 400,
          .message = fmt::format("Deployment of {} failed: {}{}", service,
                                 first_line(text_of(trouble)), about),
          .details = {{trouble.code, std::move(text), service}}};
}

std::string state_error(const std::string& service, const std::string& reason,
                        const std::optional<backend::Trouble>& trouble) {
  ErrorBody body{
      "ServiceUnhealthy",
      503,
      fmt::format("No replica of {} is ready: {}", service, trouble ? first_line(reason) : reason),
      {}};
  if (trouble) {
    if (trouble->code == "Unschedulable") body.code = "KubernetesError";
    std::string text = trouble->message;
    if (!trouble->next_step.empty()) text += "\n" + trouble->next_step;
    body.details.push_back({trouble->code, std::move(text), service});
  }
  return to_text(to_json(body));
}

ErrorBody step_error(std::string code, const std::string& service, const Error& error) {
  return {.code = code,
          .status = 400,
          .message = fmt::format("Deployment of {} failed: {}", service, error.message),
          .details = {{std::move(code), error.message, service}}};
}

}  // namespace tidegate::control
