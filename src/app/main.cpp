// Which role this process plays: the first argument says it. Everything else is the command line.
#include <string>
#include <vector>

#include "app/roles.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string role = arguments.empty() ? "" : arguments[0];
  if (role == "serve") return tidegate::app::serve_role(arguments);
  if (role == "control") return tidegate::app::control_role(arguments);
  if (role == "router") return tidegate::app::router_role(arguments);
  if (role == "shim") return tidegate::app::shim_role(arguments);
  if (role == "pull") return tidegate::app::pull_role(arguments);
  return tidegate::cli::run(arguments);
}
