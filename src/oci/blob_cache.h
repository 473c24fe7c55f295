// Inside of oci: blobs of a registry as local files, by digest, shared by processes.
#pragma once

#include "base/error.h"
#include "oci/registry.h"
#include "os/file.h"

namespace tidegate::oci {

// cache/sha256/<hex> is a whole blob or not there; <hex>.lock is held by the one that fetches it,
// so that others wait for its file instead of fetching too. Nothing is ever removed.
class BlobCache {
 public:
  explicit BlobCache(os::Path folder) : folder_(std::move(folder)) {}  // empty: no cache

  // Puts the blob into `file`, with its digest checked, whether it is from here or from there.
  // Gives whether it had to be fetched.
  Result<bool> get(Registry& registry, std::string_view repository, const Descriptor& blob,
                   const os::Path& file);

 private:
  Result<bool> copy_checked(const os::Path& cached, const Descriptor& blob, const os::Path& file);

  os::Path folder_;
};

}  // namespace tidegate::oci
