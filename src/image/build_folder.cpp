#include "image/build_folder.h"

#include <unistd.h>

#include <set>

#include <fmt/format.h>

#include "base/ids.h"

namespace tidegate::image {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockName = "lock";

os::Path python_in(const os::Path& folder) {
  return folder / "venv" / "bin" / "python";
}

std::set<os::Path> folders_with_links(const os::Path& root) {
  std::set<os::Path> targets;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    if (entry.is_symlink(error)) targets.insert(fs::read_symlink(entry.path(), error).filename());
  }
  return targets;
}

}  // namespace

Result<BuildFolder> BuildFolder::create(const os::Path& root, const std::string& hash,
                                        Random& random) {
  os::Path path = root / fmt::format("{}-{}", hash, random_hex(random, 4));
  TIDEGATE_TRY_VOID(os::make_directories(path));
  TIDEGATE_TRY(auto lock, os::FileLock::try_take(path / kLockName));
  if (!lock) return fail(Code::conflict, fmt::format("{} is in use", path.string()));
  return BuildFolder(std::move(path), root / hash, std::move(*lock));
}

BuildFolder::BuildFolder(os::Path path, os::Path link, os::FileLock lock)
    : path_(std::move(path)), link_(std::move(link)), lock_(std::move(lock)) {}

BuildFolder::~BuildFolder() {
  // A moved-from folder has no path. The lock is given back by the member's own destructor.
  if (path_.empty()) return;
  static_cast<void>(os::remove_tree(path_));
}

Result<> BuildFolder::publish() {
  TIDEGATE_TRY_VOID(os::sync_file_system(path_));
  TIDEGATE_TRY_VOID(os::replace_symlink(link_, path_.filename()));
  path_.clear();
  lock_.reset();
  return {};
}

std::optional<os::Path> published_folder(const os::Path& root, const std::string& hash) {
  std::error_code error;
  os::Path target = fs::read_symlink(root / hash, error);
  if (error) return std::nullopt;
  os::Path folder = root / target;
  // A base interpreter that is gone leaves a dangling link here: such an environment is built anew.
  if (::access(python_in(folder).c_str(), X_OK) != 0) return std::nullopt;
  return folder;
}

Result<int> remove_abandoned_builds(const os::Path& root) {
  std::set<os::Path> in_use = folders_with_links(root);
  int removed = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    if (entry.is_symlink(error) || !entry.is_directory(error)) continue;
    if (in_use.contains(entry.path().filename())) continue;
    TIDEGATE_TRY(bool building, os::FileLock::is_held(entry.path() / kLockName));
    if (building) continue;
    TIDEGATE_TRY_VOID(os::remove_tree(entry.path()));
    ++removed;
  }
  return removed;
}

}  // namespace tidegate::image
