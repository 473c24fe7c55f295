#include "store/operation_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <ctime>

#include <fmt/format.h>

#include "os/fd.h"

namespace tidegate::store {
namespace {

constexpr std::size_t kReadMax = 1UL << 20;

std::string stamp(WallTime time) {
  std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[16];
  std::strftime(text, sizeof text, "%Y%m%d%H%M%S", &parts);
  return text;
}

// One line of the log for each line of the text, without control characters.
std::string to_lines(WallTime time, std::string_view text) {
  std::string lines;
  std::string head = stamp(time) + "|";
  while (!text.empty()) {
    auto newline = text.find('\n');
    std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    lines += head;
    for (char c : line) {
      if (c == '\t' || static_cast<unsigned char>(c) >= 0x20) lines += c;
    }
    lines += '\n';
  }
  return lines;
}

}  // namespace

os::Path OperationLogs::path_of(std::string_view id) const {
  return folder_ / fmt::format("{}.log", id);
}

Result<> OperationLogs::append(std::string_view id, WallTime time, std::string_view text) const {
  os::Path path = path_of(id);
  os::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(fmt::format("cannot open {}", path.string()));
  std::string lines = to_lines(time, text);
  if (::write(fd.get(), lines.data(), lines.size()) != static_cast<ssize_t>(lines.size())) {
    return fail_errno(fmt::format("cannot write {}", path.string()));
  }
  return {};
}

Result<std::string> OperationLogs::read(std::string_view id, std::uint64_t offset) const {
  os::Path path = path_of(id);
  os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::string();
  if (!fd) return fail_errno(fmt::format("cannot read {}", path.string()));
  std::string text(kReadMax, '\0');
  ssize_t n = ::pread(fd.get(), text.data(), text.size(), static_cast<off_t>(offset));
  if (n < 0) return fail_errno(fmt::format("cannot read {}", path.string()));
  text.resize(static_cast<std::size_t>(n));
  text.resize(text.rfind('\n') + 1);  // npos + 1 == 0: no whole line yet
  return text;
}

Result<> OperationLogs::remove(std::string_view id) const {
  os::Path path = path_of(id);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return fail_errno(fmt::format("cannot remove {}", path.string()));
  }
  return {};
}

}  // namespace tidegate::store
