// Where images are built: what all builds of a root have in common.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "os/file_lock.h"
#include "os/process.h"

namespace tidegate::image {

// In a root: buildah's images and containers, and a folder for each build, named by 32 hex digits.
inline constexpr char kStorageFolder[] = "buildah";
inline constexpr char kBuildsFolder[] = "builds";

// Of the build in that folder: its container; its image is "localhost/" and the same.
std::string container_of(std::string_view build);
// The image that its Docker steps make.
std::string base_tag_of(std::string_view build);

// Words before a command of buildah which make that everything it starts ends with it, and that its
// mounts are seen by nobody else and end with it too: a kill -9 leaves only files behind. Empty
// where this user or machine cannot have that.
std::vector<std::string> confinement_here(os::CommandRunner& runner);

// Thread-safe.
class Workshop {
 public:
  // root is absolute; runner and clock outlive this.
  Workshop(os::Path root, os::CommandRunner& runner, const Clock& clock);

  // To be held for the length of a build. Whoever comes while nobody builds, in any process, first
  // removes what builds left that ended with their process.
  Result<os::FileLock> enter();

  // confinement_here(), asked once.
  const std::vector<std::string>& confinement();

 private:
  void clear();

  const os::Path root_;
  os::CommandRunner& runner_;
  const Clock& clock_;
  std::once_flag is_asked_;
  std::vector<std::string> confinement_;  // set under is_asked_
};

}  // namespace tidegate::image
