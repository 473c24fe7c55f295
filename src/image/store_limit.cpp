#include "image/store_limit.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "image/workshop.h"
#include "os/file_lock.h"

namespace tidegate::image {
namespace {

namespace fs = std::filesystem;

struct Root {
  os::Path path;
  fs::file_time_type used;
  std::uint64_t bytes = 0;
};

// What goes while this counts is not there any more.
std::uint64_t bytes_below(const os::Path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator it(folder, options, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;
    if (it->is_symlink(gone) || !it->is_regular_file(gone)) continue;
    std::uintmax_t size = it->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

// A build makes and removes its folder in there.
fs::file_time_type last_build(const os::Path& root) {
  std::error_code error;
  auto time = fs::last_write_time(root / "builds", error);
  return error ? fs::file_time_type::min() : time;
}

std::uint64_t kept_bytes(const os::Path& root) {
  return bytes_below(root / "buildah") + bytes_below(root / "uv-cache");
}

std::vector<Root> list_roots(const os::Path& all) {
  std::vector<Root> roots;
  std::error_code error;
  for (fs::directory_iterator it(all, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    if (!it->is_directory(gone)) continue;
    roots.push_back({it->path(), last_build(it->path()), kept_bytes(it->path())});
  }
  std::ranges::sort(roots, {}, &Root::used);
  return roots;
}

// By buildah: a user's own namespace owns files there that this process could not remove. Confined:
// it mounts its store while it works.
Result<> empty(const os::Path& root, os::CommandRunner& runner) {
  os::Command images{.argv = confinement_here(runner)};
  images.argv.insert(images.argv.end(),
                     {"buildah", "--root", (root / "buildah/store").string(), "--runroot",
                      (root / "buildah/run").string(), "rmi", "--all", "--force"});
  // Without buildah there are no images; the packages go all the same.
  (void)runner.run(images, [](std::string_view) {});
  return os::remove_tree(root / "uv-cache");
}

// False: somebody builds there.
Result<bool> remove_root(const os::Path& root, os::CommandRunner& runner) {
  TIDEGATE_TRY(auto alone, os::FileLock::try_take(root / "builds.lock"));
  if (!alone) return false;
  TIDEGATE_TRY_VOID(empty(root, runner));
  TIDEGATE_TRY_VOID(os::remove_tree(root));
  return true;
}

}  // namespace

std::string store_name(std::string_view workspace, std::string_view target) {
  return fmt::format("{}.{}", workspace, target);
}

Result<std::vector<std::string>> remove_unused_stores(const os::Path& all,
                                                      const std::set<std::string>& in_use,
                                                      os::CommandRunner& runner) {
  std::vector<os::Path> unused;
  std::error_code error;
  for (fs::directory_iterator it(all, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    bool is_used = in_use.contains(it->path().filename().string());
    if (!is_used && it->is_directory(gone)) unused.push_back(it->path());
  }
  std::vector<std::string> removed;
  for (const os::Path& root : unused) {
    TIDEGATE_TRY(bool is_gone, remove_root(root, runner));
    if (is_gone) removed.push_back(root.filename().string());
  }
  return removed;
}

Result<std::uint64_t> limit_stores(const os::Path& all, std::uint64_t max_bytes,
                                   os::CommandRunner& runner) {
  std::vector<Root> roots = list_roots(all);
  std::uint64_t total = 0;
  for (const Root& root : roots) total += root.bytes;
  std::uint64_t removed = 0;
  for (const Root& root : roots) {
    if (total <= max_bytes) break;
    if (root.bytes == 0) continue;
    TIDEGATE_TRY(auto alone, os::FileLock::try_take(root.path / "builds.lock"));
    if (!alone) continue;
    TIDEGATE_TRY_VOID(empty(root.path, runner));
    std::uint64_t left = kept_bytes(root.path);
    std::uint64_t gone = root.bytes - std::min(left, root.bytes);
    removed += gone;
    total -= gone;
  }
  return removed;
}

}  // namespace tidegate::image
