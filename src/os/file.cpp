#include "os/file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include <fmt/format.h>

#include "os/fd.h"

namespace tidegate::os {
namespace {

namespace fs = std::filesystem;

Result<> write_all(int fd, std::string_view text, const Path& path) {
  while (!text.empty()) {
    ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(fmt::format("cannot write {}", path.string()));
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// A name that no other thread or process of ours uses at the same time.
Path name_aside(const Path& path) {
  static std::atomic<unsigned> counter{0};
  return path.parent_path() /
         fmt::format(".{}.{}.{}.tmp", path.filename().string(), ::getpid(), ++counter);
}

Result<> create_file(const Path& path, std::string_view text, int mode) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) return fail_errno(fmt::format("cannot create {}", path.string()));
  ::fchmod(fd.get(), static_cast<mode_t>(mode));
  return write_all(fd.get(), text, path);
}

Path folder_of(const Path& path) {
  return path.has_parent_path() ? path.parent_path() : Path(".");
}

Result<> copy_bytes(int from, int to, const Path& path) {
  for (;;) {
    ssize_t n = ::copy_file_range(from, nullptr, to, nullptr, 1UL << 30, 0);
    if (n == 0) return {};
    if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
      break;
    if (n < 0) return fail_errno(fmt::format("cannot copy to {}", path.string()));
  }
  char buffer[1 << 16];
  for (;;) {
    ssize_t n = ::read(from, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(fmt::format("cannot copy to {}", path.string()));
    if (n == 0) return {};
    TIDEGATE_TRY_VOID(write_all(to, {buffer, static_cast<std::size_t>(n)}, path));
  }
}

}  // namespace

Result<std::string> read_file(const Path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(fmt::format("cannot read {}", path.string()));
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(fmt::format("cannot read {}", path.string()));
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

Result<std::string> read_last_lines(const Path& path, std::size_t count) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::string();
  if (!fd) return fail_errno(fmt::format("cannot read {}", path.string()));
  std::string tail;
  off_t at = ::lseek(fd.get(), 0, SEEK_END);
  std::size_t newlines = 0;
  while (at > 0 && newlines <= count) {
    std::size_t piece = static_cast<std::size_t>(std::min<off_t>(at, 1 << 16));
    at -= static_cast<off_t>(piece);
    std::string block(piece, '\0');
    ssize_t n = ::pread(fd.get(), block.data(), piece, at);
    if (n < 0) return fail_errno(fmt::format("cannot read {}", path.string()));
    block.resize(static_cast<std::size_t>(n));
    newlines += static_cast<std::size_t>(std::count(block.begin(), block.end(), '\n'));
    tail.insert(0, block);
  }
  std::size_t start = tail.size();
  if (start > 0 && tail[start - 1] == '\n') --start;  // the last line's own newline
  for (std::size_t lines = 0; lines < count && start > 0;) {
    auto newline = tail.rfind('\n', start - 1);
    start = newline == std::string::npos ? 0 : newline;
    if (++lines == count && start > 0) return tail.substr(start + 1);
  }
  return count == 0 ? std::string() : tail;
}

Result<> write_file_atomic(const Path& path, std::string_view text, int mode) {
  Path aside = name_aside(path);
  Result<> written = create_file(aside, text, mode);
  if (written) written = fsync_path(aside);
  if (written) written = rename_durable(aside, path);
  if (!written) ::unlink(aside.c_str());
  return written;
}

Result<> write_file_quick(const Path& path, std::string_view text, int mode) {
  Path aside = name_aside(path);
  Result<> written = create_file(aside, text, mode);
  if (written && ::rename(aside.c_str(), path.c_str()) != 0) {
    written = fail_errno(fmt::format("cannot rename {} to {}", aside.string(), path.string()));
  }
  if (!written) ::unlink(aside.c_str());
  return written;
}

Result<> rename_durable(const Path& from, const Path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return fail_errno(fmt::format("cannot rename {} to {}", from.string(), to.string()));
  }
  return fsync_path(folder_of(to));
}

Result<> fsync_path(const Path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0)
    return fail_errno(fmt::format("cannot fsync {}", path.string()));
  return {};
}

Result<> sync_file_system(const Path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::syncfs(fd.get()) != 0) {
    return fail_errno(fmt::format("cannot flush the file system of {}", path.string()));
  }
  return {};
}

Result<> replace_symlink(const Path& link, const Path& target) {
  Path aside = name_aside(link);
  if (::symlink(target.c_str(), aside.c_str()) != 0) {
    return fail_errno(fmt::format("cannot create {}", aside.string()));
  }
  return rename_durable(aside, link);
}

Result<> make_directories(const Path& path, int mode) {
  std::error_code error;
  bool created = fs::create_directories(path, error);
  if (error) {
    return fail_errno(fmt::format("cannot create the folder {}", path.string()), error.value());
  }
  if (created) ::chmod(path.c_str(), static_cast<mode_t>(mode));
  return {};
}

Result<> remove_tree(const Path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return fail_errno(fmt::format("cannot remove {}", path.string()), error.value());
  return {};
}

Result<> copy_file(const Path& from, const Path& to) {
  UniqueFd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) return fail_errno(fmt::format("cannot read {}", from.string()));
  struct stat info{};
  ::fstat(source.get(), &info);
  UniqueFd target(
      ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, info.st_mode & 0777));
  if (!target) return fail_errno(fmt::format("cannot create {}", to.string()));
  if (::ioctl(target.get(), FICLONE, source.get()) == 0) return {};
  return copy_bytes(source.get(), target.get(), to);
}

Result<std::uint64_t> free_bytes(const Path& path) {
  struct statvfs info{};
  if (::statvfs(path.c_str(), &info) != 0) {
    return fail_errno(fmt::format("cannot ask for free space of {}", path.string()));
  }
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace tidegate::os
