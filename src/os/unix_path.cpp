#include "os/unix_path.h"

#include <fcntl.h>
#include <sys/un.h>

#include <fmt/format.h>

namespace tidegate::os {

Result<UnixPath> UnixPath::open(const Path& path) {
  std::string text = path.string();
  if (text.size() < sizeof(sockaddr_un::sun_path)) return UnixPath(UniqueFd(), std::move(text));
  UniqueFd folder(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return fail_errno(fmt::format("cannot open the folder of {}", text));
  std::string usable = fmt::format("/proc/self/fd/{}/{}", folder.get(), path.filename().string());
  if (usable.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(Code::invalid, fmt::format("the file name of the socket {} is too long", text));
  }
  return UnixPath(std::move(folder), std::move(usable));
}

}  // namespace tidegate::os
