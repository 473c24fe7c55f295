#include "backend/local/rotating_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

namespace tidegate::backend::local {
namespace {

os::UniqueFd open_for_appending(const os::Path& path) {
  return os::UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
}

}  // namespace

os::Path rotated_path(const os::Path& path, int age) {
  return fmt::format("{}.{}", path.string(), age);
}

Result<RotatingLog> RotatingLog::open(os::Path path, const RotatingLogOptions& options) {
  os::UniqueFd fd = open_for_appending(path);
  if (!fd) return fail_errno(fmt::format("cannot open the log {}", path.string()));
  struct stat info{};
  ::fstat(fd.get(), &info);
  return RotatingLog(std::move(path), options, std::move(fd),
                     static_cast<std::uint64_t>(info.st_size));
}

RotatingLog::RotatingLog(os::Path path, const RotatingLogOptions& options, os::UniqueFd fd,
                         std::uint64_t size)
    : path_(std::move(path)), options_(options), fd_(std::move(fd)), size_(size) {}

void RotatingLog::write(std::string_view text) {
  if (size_ > 0 && size_ + text.size() > options_.size_max_bytes) {
    std::size_t cut = place_to_cut(text);
    if (cut < text.size()) {
      write_or_count(text.substr(0, cut));
      rotate();
      text.remove_prefix(cut);
    }
  }
  write_or_count(text);
}

// How much of `text` still goes into the full file, so that no line is divided between two.
std::size_t RotatingLog::place_to_cut(std::string_view text) const {
  std::uint64_t room = std::max(options_.size_max_bytes, size_) - size_;
  auto last = text.substr(0, room).rfind('\n');
  if (last != std::string_view::npos) return last + 1;
  // A line without end must not make a file without end.
  if (at_line_start_ || size_ >= 2 * options_.size_max_bytes) return 0;
  auto first = text.find('\n');
  return first == std::string_view::npos ? text.size() : first + 1;
}

void RotatingLog::write_or_count(std::string_view text) {
  if (text.empty()) return;
  if (dropped_bytes_ > 0) {
    auto note =
        fmt::format("--- tidegate: {} bytes of output could not be written\n", dropped_bytes_);
    if (write_whole(note)) dropped_bytes_ = 0;
  }
  if (!write_whole(text)) dropped_bytes_ += text.size();
  at_line_start_ = text.ends_with('\n');
}

void RotatingLog::rotate() {
  // rename(2) replaces, so the oldest goes by itself.
  for (int age = options_.files_max - 1; age > 0; --age) {
    os::Path newer = age == 1 ? path_ : rotated_path(path_, age - 1);
    ::rename(newer.c_str(), rotated_path(path_, age).c_str());
  }
  if (options_.files_max <= 1) ::unlink(path_.c_str());
  os::UniqueFd fresh = open_for_appending(path_);
  // Without a new file (no room for a name) the old one grows on: better than losing the output.
  if (fresh) {
    fd_ = std::move(fresh);
    size_ = 0;
  }
}

bool RotatingLog::write_whole(std::string_view text) {
  while (!text.empty()) {
    ssize_t n = ::write(fd_.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    size_ += static_cast<std::uint64_t>(n);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace tidegate::backend::local
