// One function per role of the program. argv[0] is the role's name. Returns the exit code; what a
// role has to complain about it has written to standard error.
#pragma once

#include <string>
#include <vector>

namespace tidegate::app {

int serve_role(const std::vector<std::string>& arguments);
int control_role(const std::vector<std::string>& arguments);
int router_role(const std::vector<std::string>& arguments);
int shim_role(const std::vector<std::string>& arguments);
int pull_role(const std::vector<std::string>& arguments);

}  // namespace tidegate::app
