// The command line. Everything but `serve`, `control`, `router` and `shim` runs here, over REST
// only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "os/file.h"

namespace tidegate::cli {

// Where requests for scores are taken unless --listen says otherwise.
inline constexpr std::string_view kDefaultListen = "127.0.0.1:8811";

// `tidegate serve`: its flags are read here, so that it looks like the other commands; app runs it.
struct ServeFlags {
  os::Path data;       // absolute
  std::string listen;  // "ADDR:PORT"
  std::string api;     // "ADDR:PORT", empty: the unix socket alone
};
// arguments[0] is "serve". nullopt: --help was asked for and has been printed.
Result<std::optional<ServeFlags>> parse_serve_flags(const std::vector<std::string>& arguments);

// Where the data lies: `flag` if not empty, else TIDEGATE_DATA, else ~/.tidegate; absolute.
os::Path data_folder(const std::string& flag);

// Runs one command to its end; arguments are those behind the program's name. Results go to
// standard output, everything else to standard error. Returns the exit code.
int run(const std::vector<std::string>& arguments);

}  // namespace tidegate::cli
