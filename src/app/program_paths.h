#pragma once

#include "base/error.h"
#include "os/file.h"

namespace tidegate::app {

// What lies around the program: found from where the binary is, or named by the environment.
struct ProgramPaths {
  os::Path binary;  // this program, as the kernel knows it
  os::Path server;  // folder with the package tidegate_server; TIDEGATE_SERVER_PATH wins
  os::Path uv;      // TIDEGATE_UV, else PATH; "uv" if there is none: building then says so
};

// Error: the scoring server is not where it should be.
Result<ProgramPaths> find_program_paths();

}  // namespace tidegate::app
