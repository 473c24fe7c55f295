#include "oci/blob_cache.h"

#include <unistd.h>

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "os/file_lock.h"
#include "os/sha256.h"

namespace tidegate::oci {
namespace {

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

}  // namespace

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
  if ("sha256:" + hex == blob.digest) return true;
  ::unlink(cached.c_str());
  ::unlink(file.c_str());
  return false;
}

}  // namespace tidegate::oci
