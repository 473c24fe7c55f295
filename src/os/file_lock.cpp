#include "os/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <fmt/format.h>

namespace tidegate::os {

Result<std::optional<FileLock>> FileLock::try_take(const Path& path) {
  return try_lock(path, LOCK_EX);
}

Result<std::optional<FileLock>> FileLock::try_share(const Path& path) {
  return try_lock(path, LOCK_SH);
}

Result<std::optional<FileLock>> FileLock::try_lock(const Path& path, int how) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(fmt::format("cannot open the lock {}", path.string()));
  if (::flock(fd.get(), how | LOCK_NB) == 0) return FileLock(std::move(fd));
  if (errno == EWOULDBLOCK) return std::nullopt;
  return fail_errno(fmt::format("cannot lock {}", path.string()));
}

Result<bool> FileLock::is_held(const Path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd && errno == ENOENT) return false;
  if (!fd) return fail_errno(fmt::format("cannot open the lock {}", path.string()));
  if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  return fail_errno(fmt::format("cannot ask for the lock {}", path.string()));
}

}  // namespace tidegate::os
