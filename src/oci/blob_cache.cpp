#include "oci/blob_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "os/file_lock.h"
#include "os/sha256.h"

namespace tidegate::oci {
namespace {

namespace fs = std::filesystem;

// The one that holds the lock gives up by itself when nothing moves for some minutes; an hour in
// all is a large blob on a slow line.
constexpr std::chrono::milliseconds kPoll{100};
constexpr int kPollsMax = 36'000;

Result<os::FileLock> wait_for_lock(const os::Path& path) {
  for (int polls = 0; polls < kPollsMax; ++polls) {
    TIDEGATE_TRY(auto lock, os::FileLock::try_take(path));
    if (lock) return std::move(*lock);
    std::this_thread::sleep_for(kPoll);
  }
  return fail(Code::timed_out,
              fmt::format("another pull has held {} for an hour; end it", path.string()));
}

struct Kept {
  fs::file_time_type used;
  std::uint64_t bytes = 0;
  os::Path file;
};

// Whole blobs and what pulls that were killed have left of one; the oldest first. A file that goes
// meanwhile is left out.
std::vector<Kept> list_files(const os::Path& folder) {
  std::vector<Kept> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    if (it->path().extension() == ".lock" || !it->is_regular_file(gone)) continue;
    Kept kept{it->last_write_time(gone), it->file_size(gone), it->path()};
    if (!gone) files.push_back(std::move(kept));
  }
  std::ranges::sort(files, {}, &Kept::used);
  return files;
}

// Not under the hands of one that fetches it.
Result<bool> remove_unless_locked(const os::Path& file) {
  os::Path blob = file.parent_path() / file.stem();
  TIDEGATE_TRY(auto lock, os::FileLock::try_take(blob.string() + ".lock"));
  if (!lock) return false;
  if (::unlink(file.c_str()) == 0 || errno == ENOENT) return true;
  return fail_errno(fmt::format("cannot remove {}", file.string()));
}

}  // namespace

Result<> BlobCache::trim(std::uint64_t max_bytes, const std::set<std::string>& kept) {
  if (folder_.empty()) return {};
  os::Path folder = folder_ / "sha256";
  TIDEGATE_TRY_VOID(os::make_directories(folder));
  TIDEGATE_TRY(auto alone, os::FileLock::try_take(folder_ / "trim.lock"));
  if (!alone) return {};
  std::vector<Kept> files = list_files(folder);
  std::uint64_t total = 0;
  for (const Kept& one : files) total += one.bytes;
  for (const Kept& one : files) {
    if (total <= max_bytes) break;
    if (kept.contains("sha256:" + one.file.filename().string())) continue;
    TIDEGATE_TRY(bool is_removed, remove_unless_locked(one.file));
    if (is_removed) total -= one.bytes;
  }
  return {};
}

Result<bool> BlobCache::get(Registry& registry, std::string_view repository, const Descriptor& blob,
                            const os::Path& file) {
  if (folder_.empty()) {
    TIDEGATE_TRY_VOID(registry.pull_blob(repository, blob, file));
    return true;
  }
  os::Path folder = folder_ / "sha256";
  TIDEGATE_TRY_VOID(os::make_directories(folder));
  os::Path cached = folder / blob.digest.substr(blob.digest.find(':') + 1);
  TIDEGATE_TRY(bool is_copied, copy_checked(cached, blob, file));
  if (is_copied) return false;

  TIDEGATE_TRY(os::FileLock lock, wait_for_lock(cached.string() + ".lock"));
  TIDEGATE_TRY(bool is_there_now, copy_checked(cached, blob, file));
  if (is_there_now) return false;
  TIDEGATE_TRY_VOID(registry.pull_blob(repository, blob, cached));
  TIDEGATE_TRY(bool is_whole, copy_checked(cached, blob, file));
  if (is_whole) return true;
  return fail(Code::unavailable, fmt::format("{} changes while it is read; the disk or another "
                                             "program damages the cache",
                                             cached.string()));
}

// A cache outlives pods and power cuts, and others may write to it: it is never believed. False:
// it is not there, or was no good and is gone.
Result<bool> BlobCache::copy_checked(const os::Path& cached, const Descriptor& blob,
                                     const os::Path& file) {
  if (::access(cached.c_str(), F_OK) != 0) return false;
  TIDEGATE_TRY_VOID(os::copy_file(cached, file));
  TIDEGATE_TRY(std::string hex, os::sha256_hex_of_file(file));
  if ("sha256:" + hex == blob.digest) {
    // It is used; whoever may only read the cache goes on without saying so.
    (void)::utimensat(AT_FDCWD, cached.c_str(), nullptr, 0);
    return true;
  }
  ::unlink(cached.c_str());
  ::unlink(file.c_str());
  return false;
}

}  // namespace tidegate::oci
