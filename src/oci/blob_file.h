// Inside of oci: a blob on its way into a file.
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "oci/registry.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/sha256.h"

namespace tidegate::oci {

// Writes beside the file and hashes on the way; only what fits its descriptor gets the file's name.
class BlobFile {
 public:
  explicit BlobFile(const os::Path& file) : file_(file), part_(file.string() + ".part") {}
  ~BlobFile();  // what was not finished is gone

  Result<> open();
  // False: problem() says why no more is wanted.
  bool append(std::string_view bytes, const Descriptor& blob);
  const std::optional<Error>& problem() const { return problem_; }
  // Checks size and digest, flushes, renames.
  Result<> finish(const Descriptor& blob);

 private:
  const os::Path file_;
  const os::Path part_;
  os::UniqueFd fd_;  // none before open() and after finish()
  os::Sha256 hash_;
  std::uint64_t size_ = 0;
  std::optional<Error> problem_;
};

}  // namespace tidegate::oci
