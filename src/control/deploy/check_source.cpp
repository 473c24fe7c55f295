#include "control/deploy/check_source.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"
#include "control/deploy/entry_script.h"

namespace tidegate::control {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamesShown = 10;

std::vector<std::string> scripts_in(const os::Path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() != ".py") continue;
    names.push_back(at->path().lexically_relative(folder).string());
    if (names.size() > kNamesShown) break;
  }
  std::ranges::sort(names);
  return names;
}

bool leads_out(const os::Path& path) {
  os::Path normal = path.lexically_normal();
  return path.is_absolute() || (!normal.empty() && *normal.begin() == "..");
}

void check_script(const SourceCheck& check, os::CommandRunner& runner,
                  domain::Complaints& complaints) {
  const std::string& name = check.entry_script;
  check_script_name(name, complaints);
  os::Path script = check.staging / name;
  std::error_code error;
  if (leads_out(name) || !fs::is_regular_file(script, error)) {
    auto there = scripts_in(check.staging);
    complaints.add(
        name, fmt::format("there is no such entry script in the uploaded source; Python "
                          "files there: {}",
                          there.empty() ? "(none)" : fmt::format("{}", fmt::join(there, ", "))));
    return;
  }
  check_entry_script(runner, check.python, script, name, complaints);
}

}  // namespace

domain::Complaints check_source(const SourceCheck& check, os::CommandRunner& runner) {
  domain::Complaints complaints;
  if (auto laid_out = lay_out_source(check.files, check.staging); !laid_out) {
    complaints.add("environmentImageRequest.assets", laid_out.error().message);
    return complaints;
  }
  check_script(check, runner, complaints);
  if (auto removed = os::remove_tree(check.staging); !removed) {
    log(Level::warning, "staging_left", {{"reason", removed.error().message}});
  }
  return complaints;
}

}  // namespace tidegate::control
