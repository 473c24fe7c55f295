#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "os/file.h"
#include "os/file_lock.h"

namespace tidegate::image {

// A folder in which an environment is being built: <root>/<hash>-<random>. Seen under its hash only
// after publish(); removed by the destructor without it. A lock file inside is held until then, so
// that a later process can tell a crash from a build that still runs.
class BuildFolder {
 public:
  static Result<BuildFolder> create(const os::Path& root, const std::string& hash, Random& random);
  BuildFolder(BuildFolder&& other) noexcept
      : path_(std::exchange(other.path_, {})),
        link_(std::move(other.link_)),
        lock_(std::exchange(other.lock_, std::nullopt)) {}
  BuildFolder& operator=(BuildFolder&&) = delete;
  ~BuildFolder();

  const os::Path& path() const { return path_; }
  // Flushes the folder to the disk, then points <root>/<hash> to it in one step.
  Result<> publish();

 private:
  BuildFolder(os::Path path, os::Path link, os::FileLock lock);

  os::Path path_;
  os::Path link_;
  std::optional<os::FileLock> lock_;
};

// What <root>/<hash> points to, if it is there and whole.
std::optional<os::Path> published_folder(const os::Path& root, const std::string& hash);

// Removes what builds left that ended with their process: folders that no link points to and whose
// lock nobody holds. Returns how many.
Result<int> remove_abandoned_builds(const os::Path& root);

}  // namespace tidegate::image
