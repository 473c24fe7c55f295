#include "backend/local/process_tree.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string>

#include "os/file.h"

namespace tidegate::backend::local {
namespace {

struct Stat {
  char state = '?';
  pid_t parent = 0;
  std::uint64_t start_time = 0;
};

std::optional<Stat> read_stat(const std::string& pid) {
  auto text = os::read_file(os::Path("/proc") / pid / "stat");
  if (!text) return std::nullopt;
  // "12 (name, may hold blanks and brackets) S 1 ..."; the start time is field 22.
  auto name_end = text->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(text->substr(name_end + 1));
  Stat stat;
  std::string skipped;
  rest >> stat.state >> stat.parent;
  for (int field = 5; field < 22; ++field) rest >> skipped;
  rest >> stat.start_time;
  return rest ? std::optional(stat) : std::nullopt;
}

}  // namespace

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    std::string name = entry.path().filename();
    pid_t number = 0;
    auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (bad != std::errc{} || end != name.data() + name.size()) continue;
    auto stat = read_stat(name);
    if (stat && stat->parent == pid) children.push_back(number);
  }
  std::sort(children.begin(), children.end());
  return children;
}

std::optional<std::uint64_t> start_time_of(pid_t pid) {
  auto stat = read_stat(std::to_string(pid));
  if (!stat || stat->state == 'Z' || stat->state == 'X') return std::nullopt;
  return stat->start_time;
}

std::optional<pid_t> program_in_sandbox(pid_t bubblewrap) {
  for (pid_t init : children_of(bubblewrap)) {
    auto programs = children_of(init);
    if (!programs.empty()) return programs.front();
  }
  return std::nullopt;
}

}  // namespace tidegate::backend::local
