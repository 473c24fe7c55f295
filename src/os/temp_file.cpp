#include "os/temp_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <fmt/format.h>

namespace tidegate::os {

Result<TempFile> TempFile::create(const Path& folder) {
  UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return TempFile(std::move(fd));
  // Some file systems (overlayfs of old kernels) have no O_TMPFILE.
  std::string name = (folder / ".tidegate-XXXXXX").string();
  fd.reset(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return fail_errno(fmt::format("cannot create a temporary file in {}", folder.string()));
  ::unlink(name.c_str());
  return TempFile(std::move(fd));
}

Result<> TempFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("cannot write a temporary file");
    bytes.remove_prefix(static_cast<std::size_t>(n));
    size_ += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<std::size_t> TempFile::read_at(std::uint64_t offset, char* out, std::size_t size) const {
  for (;;) {
    ssize_t n = ::pread(fd_.get(), out, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("cannot read a temporary file");
    return static_cast<std::size_t>(n);
  }
}

}  // namespace tidegate::os
