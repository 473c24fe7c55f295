#include "app/program_paths.h"

#include <cstdlib>

#include <fmt/format.h>

#include "os/process.h"

namespace tidegate::app {
namespace {

os::Path from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? os::Path(value) : os::Path();
}

// The build tree has <build>/bin and <build>/python; an installation bin and lib/tidegate/python.
Result<os::Path> find_server(const os::Path& binary) {
  if (os::Path named = from_environment("TIDEGATE_SERVER_PATH"); !named.empty()) return named;
  const os::Path prefix = binary.parent_path().parent_path();
  for (const os::Path& folder : {prefix / "python", prefix / "lib/tidegate/python"}) {
    std::error_code error;
    if (std::filesystem::exists(folder / "tidegate_server" / "__main__.py", error)) return folder;
  }
  return fail(
      Code::not_found,
      fmt::format("the scoring server (folder python/tidegate_server) is not beside {}; build "
                  "all targets, or name its folder with TIDEGATE_SERVER_PATH",
                  binary.string()));
}

os::Path find_uv() {
  if (os::Path named = from_environment("TIDEGATE_UV"); !named.empty()) return named;
  return os::find_program("uv").value_or("uv");
}

}  // namespace

Result<ProgramPaths> find_program_paths() {
  std::error_code error;
  os::Path binary = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return fail_errno("cannot read /proc/self/exe", error.value());
  TIDEGATE_TRY(os::Path server, find_server(binary));
  return ProgramPaths{.binary = binary, .server = server, .uv = find_uv()};
}

}  // namespace tidegate::app
