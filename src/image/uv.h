// What we ask of uv, as commands, and what we understand of its answers. Nothing here runs
// anything.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/interpreter.h"
#include "image/requirements.h"
#include "os/process.h"

namespace tidegate::image {

// Where packages come from, as the variables of the process say. uv and pip name them differently.
struct PackageIndex {
  std::string identity;                    // for the recipe: without user and password; empty: PyPI
  std::map<std::string, std::string> env;  // for uv
};
using ReadVariable = std::function<const char*(const char* name)>;  // as getenv(3)
PackageIndex package_index_in_force(const ReadVariable& read);

// search_path: where uv looks, as PATH.
os::Command uv_list_command(const os::Path& uv, const std::string& search_path);
os::Command uv_venv_command(const os::Path& uv, const os::Path& interpreter, const os::Path& venv);
os::Command uv_install_command(const os::Path& uv, const os::Path& python,
                               const os::Path& requirements, const PackageIndex& index);
os::Command uv_freeze_command(const os::Path& uv, const os::Path& python);

// The candidates in one line of `uv python list --output-format json`; nullopt if it is another
// line (uv's warnings about interpreters that do not run).
std::optional<std::vector<Candidate>> parse_uv_list_line(std::string_view line);

// The requirement that uv's complaint is about; nullptr if it names none of ours.
const Requirement* blamed_requirement(const std::vector<std::string>& uv_output,
                                      const std::vector<Requirement>& requirements);
// The part of uv's output that says why, shortened for an error message.
std::string failure_text(const std::vector<std::string>& uv_output);
bool is_disk_full(const std::vector<std::string>& output);

}  // namespace tidegate::image
