#include <cstdio>

#include <fmt/format.h>

#include "app/roles.h"
#include "backend/local/shim.h"

namespace tidegate::app {

int shim_role(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2) {
    fmt::print(stderr, "ERROR: `tidegate shim DIR` is started by control, not by hand\n");
    return 1;
  }
  return backend::local::shim_main(arguments[1]);
}

}  // namespace tidegate::app
