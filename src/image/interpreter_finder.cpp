#include "image/interpreter_finder.h"

#include <sys/stat.h>

#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

#include "base/json.h"
#include "image/uv.h"

namespace tidegate::image {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAnswerMark = "tidegate-python ";
// Also understood by interpreters that are too old, so that the error can say which version it is.
constexpr const char* kQuestion =
    "import json, os, sys\n"
    "base = getattr(sys, '_base_executable', None) or sys.executable\n"
    "print('tidegate-python ' + json.dumps({'version': '.'.join(str(n) for n in "
    "sys.version_info[:3]), 'executable': sys.executable, 'base': os.path.realpath(base)}))\n";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

os::Path home_folder(const char* variable_name, const char* below_home) {
  std::string value = variable(variable_name);
  if (!value.empty()) return value;
  std::string home = variable("HOME");
  return home.empty() ? os::Path() : os::Path(home) / below_home;
}

os::Path pyenv_root() {
  return home_folder("PYENV_ROOT", ".pyenv");
}

os::Path pyenv_versions() {
  return pyenv_root() / "versions";
}

// PATH without pyenv's shims: each is a script that takes a tenth of a second and more to say that
// its version is not selected. What they stand for is found in pyenv's folder of versions.
std::string path_without_shims() {
  std::string shims_below = pyenv_root().string() + "/";
  std::string kept;
  std::istringstream folders(variable("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (folder.starts_with(shims_below) && folder.ends_with("/shims")) continue;
    kept += (kept.empty() ? "" : ":") + folder;
  }
  return kept;
}

// Changes when an interpreter is put into or taken out of a folder where uv or we look.
std::string fingerprint() {
  std::string text;
  auto add = [&text](const os::Path& folder) {
    struct stat info{};
    bool exists = !folder.empty() && ::stat(folder.c_str(), &info) == 0;
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", folder.string(),
                   exists ? info.st_mtim.tv_sec : 0, exists ? info.st_mtim.tv_nsec : 0);
  };
  std::istringstream folders(variable("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');) add(folder);
  add(pyenv_versions());
  add(home_folder("UV_PYTHON_INSTALL_DIR", ".local/share/uv/python"));
  return text;
}

// pyenv keeps interpreters outside PATH and shows one of them through shims; all can be used.
void add_pyenv(std::vector<Candidate>& candidates) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(pyenv_versions(), error)) {
    auto version = PythonVersion::parse(entry.path().filename().string());
    os::Path program = entry.path() / "bin" / "python";
    if (version && version->patch >= 0 && fs::exists(program, error)) {
      candidates.push_back({*version, program.string()});
    }
  }
}

std::string versions_text(const std::vector<Candidate>& candidates) {
  std::string text;
  for (const Candidate& candidate : candidates) {
    fmt::format_to(std::back_inserter(text), "{}{} ({})", text.empty() ? "" : ", ",
                   candidate.version.text(), candidate.path);
  }
  return text.empty() ? "none" : text;
}

}  // namespace

InterpreterFinder::InterpreterFinder(os::Path uv, os::CommandRunner& runner)
    : uv_(std::move(uv)), runner_(runner) {}

Result<Interpreter> InterpreterFinder::find(std::optional<PythonVersion> asked) {
  TIDEGATE_TRY(std::vector<Candidate> all, candidates());
  std::vector<Candidate> left = all;
  while (auto best = choose_interpreter(asked, left)) {
    auto answer = ask(left[*best].path);
    if (answer && answer->base.version >= kOldestPython) return answer->base;
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(*best));
  }
  return fail(Code::not_found,
              fmt::format("no Python {} or newer runs on this machine; found: {}; install one, or "
                          "set userManagedDependencies and interpreterPath",
                          kOldestPython.text(), versions_text(all)));
}

Result<Interpreter> InterpreterFinder::user_managed(const std::string& path) {
  bool is_name = path.find('/') == std::string::npos;
  std::string where = fmt::format("environment.python.interpreterPath: {}", path);
  if (!is_name && !path.starts_with('/')) {
    return fail(Code::invalid,
                fmt::format("{}: must be an absolute path, or a name found in PATH", where));
  }
  auto program = os::find_program(path);
  if (!program) {
    return fail(Code::invalid, fmt::format("{}: {}", where,
                                           is_name ? "there is no such program in PATH"
                                                   : "there is no such program on this machine"));
  }
  auto answer = ask(program->string());
  if (!answer) return fail_at(where, answer.error());
  if (answer->program.version < kOldestPython) {
    return fail(Code::invalid, fmt::format("{}: is Python {}, must be {} or newer", where,
                                           answer->program.version.text(), kOldestPython.text()));
  }
  return answer->program;
}

Result<std::vector<Candidate>> InterpreterFinder::candidates() {
  std::lock_guard lock(mutex_);
  std::string now = fingerprint();
  if (listed_for_ != now) {
    listed_.clear();
    add_usual_interpreter(listed_);
    TIDEGATE_TRY(auto found, list_with_uv());
    listed_.insert(listed_.end(), found.begin(), found.end());
    add_pyenv(listed_);
    listed_for_ = now;
  }
  return listed_;
}

// What `python3` means here: the one that the user's models were most likely made with.
void InterpreterFinder::add_usual_interpreter(std::vector<Candidate>& candidates) {
  auto program = os::find_program("python3");
  if (!program) return;
  auto answer = ask(program->string());
  if (answer) candidates.push_back({answer->base.version, answer->base.path});
}

Result<std::vector<Candidate>> InterpreterFinder::list_with_uv() {
  std::optional<std::vector<Candidate>> found;
  std::string noise;
  auto read_line = [&](std::string_view line) {
    if (auto parsed = parse_uv_list_line(line)) {
      found = std::move(*parsed);
    } else {
      noise += fmt::format("\n{}", line);
    }
  };
  TIDEGATE_TRY(os::ExitStatus status,
               runner_.run(uv_list_command(uv_, path_without_shims()), read_line));
  if (!status.ok() || !found) {
    return fail(Code::internal, fmt::format("uv could not list the Python interpreters ({}){}",
                                            os::describe(status), noise.substr(0, 2000)));
  }
  return *found;
}

Result<InterpreterFinder::Answer> InterpreterFinder::ask(const std::string& path) {
  std::string reply;
  std::string rest;
  auto read_line = [&](std::string_view line) {
    if (line.starts_with(kAnswerMark)) {
      reply = line.substr(kAnswerMark.size());
    } else {
      rest += fmt::format("\n{}", line);
    }
  };
  os::Command command{.argv = {path, "-E", "-s", "-S", "-c", kQuestion}};
  auto status = runner_.run(command, read_line);
  if (!status)
    return fail(Code::invalid, fmt::format("does not start: {}", status.error().message));
  auto json = parse_json(reply, "the interpreter's answer");
  if (!status->ok() || !json) {
    return fail(Code::invalid, fmt::format("does not run as a Python ({}){}", os::describe(*status),
                                           rest.substr(0, 2000)));
  }
  auto version = PythonVersion::parse(text_or(*json, "version", ""));
  if (!version) return fail(Code::invalid, "does not tell its version");
  return Answer{.program = {text_or(*json, "executable", path), *version},
                .base = {text_or(*json, "base", path), *version}};
}

}  // namespace tidegate::image
