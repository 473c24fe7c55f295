#include "base/check.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "base/log.h"

namespace tidegate {
namespace {
std::atomic<std::uint64_t> failed{0};
}

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, expression);
  std::abort();
}

void assumption_failed(const char* expression, const char* file, int line) {
#ifdef NDEBUG
  failed.fetch_add(1, std::memory_order_relaxed);
  log(Level::error, "assumption_failed", {{"what", expression}, {"file", file}, {"line", line}});
#else
  check_failed(expression, file, line);
#endif
}

std::uint64_t failed_assumptions() {
  return failed.load(std::memory_order_relaxed);
}

}  // namespace tidegate
