#pragma once

#include <optional>

#include "os/fd.h"
#include "os/file.h"

namespace tidegate::os {

// An flock(2) on a file: gone with the process that holds it, however it ends; shared with children
// that inherit the descriptor.
class FileLock {
 public:
  // Creates the file if need be. nullopt: somebody else holds it.
  static Result<std::optional<FileLock>> try_take(const Path& path);
  // The same, but any number may hold it at once, as long as nobody has taken it for himself alone.
  static Result<std::optional<FileLock>> try_share(const Path& path);
  // Whether somebody holds the lock alone right now. A missing file is held by nobody.
  static Result<bool> is_held(const Path& path);

  int fd() const { return fd_.get(); }

 private:
  static Result<std::optional<FileLock>> try_lock(const Path& path, int how);
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace tidegate::os
