#pragma once

#include <string>

#include "os/fd.h"
#include "os/file.h"

namespace tidegate::os {

// A socket path of any length, made usable: sockaddr_un has room for 107 bytes, temporary folders
// are often longer. usable() is the path itself if it is short, else /proc/self/fd/<folder>/<name>,
// valid in this process (any thread) as long as the object lives.
class UnixPath {
 public:
  static Result<UnixPath> open(const Path& path);  // the folder must exist, the socket need not
  const std::string& usable() const { return usable_; }

 private:
  UnixPath(UniqueFd folder, std::string usable)
      : folder_(std::move(folder)), usable_(std::move(usable)) {}
  UniqueFd folder_;
  std::string usable_;
};

}  // namespace tidegate::os
