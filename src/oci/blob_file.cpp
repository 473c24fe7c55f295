#include "oci/blob_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace tidegate::oci {

Result<> BlobFile::open() {
  // What a killed pull left. Whoever shares the folder has agreed who writes (BlobCache's lock).
  if (::unlink(part_.c_str()) != 0 && errno != ENOENT)
    return fail_errno(fmt::format("cannot remove {}", part_.string()));
  fd_.reset(::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd_) return fail_errno(fmt::format("cannot create {}", part_.string()));
  return {};
}

BlobFile::~BlobFile() {
  if (fd_) ::unlink(part_.c_str());
}

bool BlobFile::append(std::string_view bytes, const Descriptor& blob) {
  size_ += bytes.size();
  if (size_ > blob.size) {
    problem_ = Error{Code::invalid, fmt::format("more comes than the {} bytes that the manifest "
                                                "says; the registry's store is damaged, push again",
                                                blob.size)};
    return false;
  }
  hash_.update(bytes);
  while (!bytes.empty()) {
    ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      problem_ = fail_errno(fmt::format("cannot write {}", part_.string())).error();
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

Result<> BlobFile::finish(const Descriptor& blob) {
  std::string digest = "sha256:" + hash_.hex_digest();
  if (size_ != blob.size || digest != blob.digest) {
    return fail(Code::invalid,
                fmt::format("what came has {} bytes and the digest {}, expected were {} bytes; the "
                            "registry's store is damaged, push again",
                            size_, digest, blob.size));
  }
  if (::fsync(fd_.get()) != 0) return fail_errno(fmt::format("cannot write {}", part_.string()));
  TIDEGATE_TRY_VOID(os::rename_durable(part_, file_));
  fd_.reset();
  return {};
}

}  // namespace tidegate::oci
