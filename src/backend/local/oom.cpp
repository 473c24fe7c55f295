#include "backend/local/oom.h"

#include <charconv>
#include <string>
#include <string_view>

namespace tidegate::backend::local {
namespace {

// The number of a line "oom_kill 3".
std::optional<std::uint64_t> kills_in(const os::Path& path) {
  auto text = os::read_file(path);
  if (!text) return std::nullopt;
  static constexpr std::string_view kName = "oom_kill ";
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.starts_with(kName)) continue;
    std::uint64_t count = 0;
    line.remove_prefix(kName.size());
    auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), count);
    if (error == std::errc{}) return count;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> kills_in_cgroup(const os::Path& proc, const os::Path& cgroup) {
  auto text = os::read_file(proc / "self" / "cgroup");
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    // "0::/path" (version 2) or "5:memory:/path" (version 1)
    if (auto at = line.find(":memory:/"); at != std::string_view::npos) {
      os::Path folder = cgroup / "memory" / std::string(line.substr(at + 9));
      if (auto count = kills_in(folder / "memory.oom_control")) return count;
    } else if (line.starts_with("0::/")) {
      if (auto count = kills_in(cgroup / std::string(line.substr(4)) / "memory.events"))
        return count;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> out_of_memory_kills(const os::Path& proc, const os::Path& cgroup) {
  if (auto count = kills_in_cgroup(proc, cgroup)) return count;
  return kills_in(proc / "vmstat");
}

}  // namespace tidegate::backend::local
