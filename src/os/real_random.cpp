#include "os/real_random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace tidegate::os {

void RealRandom::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    ssize_t n = ::getrandom(out.data(), out.size(), 0);
    TIDEGATE_CHECK(n > 0 || errno == EINTR);
    if (n > 0) out = out.subspan(static_cast<std::size_t>(n));
  }
}

}  // namespace tidegate::os
