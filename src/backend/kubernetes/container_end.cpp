#include "backend/kubernetes/container_end.h"

#include <chrono>
#include <cstdio>

#include "base/json_path.h"

namespace tidegate::backend::kubernetes {
namespace {

constexpr int kSignalBase = 128;  // what shells and runtimes add to a signal's number
constexpr int kSignalMax = 31;

ContainerEnd end_of(const Json& terminated) {
  ContainerEnd out{.container_id = text_or(terminated, "containerID", ""),
                   .exit = {},
                   .reason = text_or(terminated, "reason", ""),
                   .message = text_or(terminated, "message", ""),
                   .started_at = text_or(terminated, "startedAt", ""),
                   .finished_at = text_or(terminated, "finishedAt", "")};
  out.exit.code = number_or(terminated, "exitCode", 0);
  out.exit.signal = number_or(terminated, "signal", 0);
  out.exit.out_of_memory = out.reason == "OOMKilled";
  // containerd tells a signal by the code alone.
  bool is_signal = out.exit.code > kSignalBase && out.exit.code <= kSignalBase + kSignalMax;
  if (out.exit.signal == 0 && is_signal) out.exit.signal = out.exit.code - kSignalBase;
  return out;
}

std::optional<std::chrono::sys_seconds> parse_time(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int read = std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d", &year, &month, &day, &hour,
                         &minute, &second);
  std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                   std::chrono::day(day)};
  if (read != 6 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace

bool ContainerEnd::never_ran() const {
  return reason == "StartError" || reason == "ContainerCannotRun";
}

std::vector<ContainerEnd> ends_of(const Json& container_status) {
  std::vector<ContainerEnd> out;
  for (std::string_view state : {"state", "lastState"}) {
    const Json* terminated = find_at(container_status, {state, "terminated"});
    if (terminated != nullptr) out.push_back(end_of(*terminated));
  }
  return out;
}

std::optional<ContainerEnd> last_end_of(const Json& container_status) {
  std::vector<ContainerEnd> ends = ends_of(container_status);
  if (ends.empty()) return std::nullopt;
  return std::move(ends.front());
}

StartupError startup_error_of(const ContainerEnd& end) {
  auto begin = end.message.find('{');
  if (begin != 0) return {};  // the last lines of the log
  auto json = parse_json(end.message, "termination message");
  // The kubelet keeps 4096 bytes and cuts what is longer: then it is shown as it is.
  if (!json) return {.stage = "", .message = "", .traceback = end.message};
  return {.stage = text_or(*json, "stage", ""),
          .message = text_or(*json, "message", ""),
          .traceback = text_or(*json, "traceback", "")};
}

long seconds_between(const std::string& from, const std::string& to) {
  auto begin = parse_time(from);
  auto end = parse_time(to);
  return begin && end ? static_cast<long>((*end - *begin).count()) : 0;
}

}  // namespace tidegate::backend::kubernetes
