#include "telemetry/access_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

namespace tidegate::telemetry {

Result<AccessLog> AccessLog::open(const AccessLogOptions& options) {
  AccessLog log(options);
  TIDEGATE_TRY_VOID(log.reopen());
  return log;
}

Result<> AccessLog::reopen() {
  if (options_.path.empty()) return {};
  fd_.reset(::open(options_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  struct stat status{};
  if (!fd_ || ::fstat(fd_.get(), &status) != 0) {
    return fail_errno(fmt::format("cannot write {}", options_.path.string()));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  return {};
}

Result<> AccessLog::write(std::string_view lines) {
  if (options_.path.empty()) return options_.fd < 0 ? Result<>() : write_all(options_.fd, lines);
  if (lines.empty()) return {};
  if (size_ > 0 && size_ + lines.size() > options_.size_max_bytes) {
    const os::Path older = options_.path.string() + ".1";
    if (::rename(options_.path.c_str(), older.c_str()) != 0 && errno != ENOENT) {
      return fail_errno(fmt::format("cannot rename {}", options_.path.string()));
    }
    TIDEGATE_TRY_VOID(reopen());
  }
  if (!fd_) TIDEGATE_TRY_VOID(reopen());
  return write_all(fd_.get(), lines);
}

Result<> AccessLog::write_all(int fd, std::string_view lines) {
  while (!lines.empty()) {
    const ssize_t n = ::write(fd, lines.data(), lines.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return fail_errno(options_.path.empty()
                            ? fmt::format("cannot write to descriptor {}", fd)
                            : fmt::format("cannot write {}", options_.path.string()));
    }
    lines.remove_prefix(static_cast<std::size_t>(n));
    size_ += static_cast<std::uint64_t>(n);
  }
  return {};
}

}  // namespace tidegate::telemetry
