// Inside of oci: blobs of a registry as local files, by digest, shared by processes.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "oci/registry.h"
#include "os/file.h"

namespace tidegate::oci {

// cache/sha256/<hex> is a whole blob or not there; <hex>.lock is held by the one that fetches it,
// so that others wait for its file instead of fetching too. Files are copied out, so that one may
// be removed at any time; its time of change is when it was last used.
class BlobCache {
 public:
  explicit BlobCache(os::Path folder) : folder_(std::move(folder)) {}  // empty: no cache

  // Puts the blob into `file`, with its digest checked, whether it is from here or from there.
  // Gives whether it had to be fetched.
  Result<bool> get(Registry& registry, std::string_view repository, const Descriptor& blob,
                   const os::Path& file);

  // Removes what has not been used for the longest time until the rest has at most max_bytes. What
  // is being fetched stays, and so do `kept` (digests). Several at once: one does it.
  Result<> trim(std::uint64_t max_bytes, const std::set<std::string>& kept);

 private:
  Result<bool> copy_checked(const os::Path& cached, const Descriptor& blob, const os::Path& file);

  os::Path folder_;
};

}  // namespace tidegate::oci
