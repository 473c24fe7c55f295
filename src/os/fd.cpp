#include "os/fd.h"

#include <unistd.h>

namespace tidegate::os {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0 && fd_ != fd) ::close(fd_);
  fd_ = fd;
}

}  // namespace tidegate::os
