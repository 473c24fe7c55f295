#include "control/deploy/entry_script.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/json_path.h"
#include "base/log.h"

namespace tidegate::control {
namespace {

// Prints one line of JSON: {"message", "line", "column"} or {"missing": [...]}. A name counts as
// defined wherever the module's own code binds it; after `import *` nobody can tell.
constexpr const char* kProgram = R"py(
import ast, json, sys

def say(**answer):
    print(json.dumps(answer))
    sys.exit(0)

def bound(body):
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in getattr(node, "targets", None) or [node.target]:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name):
                        yield part.id
        else:
            for field in ("body", "orelse", "finalbody"):
                for name in bound(getattr(node, field, [])):
                    yield name
            for handler in getattr(node, "handlers", []):
                for name in bound(handler.body):
                    yield name

try:
    with open(sys.argv[1], "rb") as file:
        tree = ast.parse(file.read(), sys.argv[2])
except SyntaxError as error:
    say(message=error.msg, line=error.lineno, column=error.offset)
except (ValueError, RecursionError) as error:
    say(message=str(error))
names = set(bound(tree.body))
say(missing=[] if "*" in names else [name for name in ("init", "run") if name not in names])
)py";

void add_complaints(const Json& answer, const std::string& shown, domain::Complaints& complaints) {
  if (std::string message = text_or(answer, "message", ""); !message.empty()) {
    int line = number_or(answer, "line", 0);
    complaints.add(shown, line == 0 ? message
                                    : fmt::format("line {}, column {}: {}", line,
                                                  number_or(answer, "column", 0), message));
  }
  const Json* missing = find_member(answer, "missing");
  if (missing == nullptr || !missing->is_array()) return;
  for (const Json& name : *missing) {
    if (!name.is_string()) continue;
    complaints.add(shown, fmt::format("does not define {}()", name.get<std::string>()));
  }
}

}  // namespace

std::string find_interpreter(const domain::Environment& environment) {
  if (!environment.user_managed) {
    auto python = os::find_program("python3");
    return python ? python->string() : std::string();
  }
  const std::string& named = environment.interpreter;
  if (named.contains('/')) return ::access(named.c_str(), X_OK) == 0 ? named : std::string();
  auto found = os::find_program(named);
  if (!found && named == "python") found = os::find_program("python3");
  return found ? found->string() : std::string();
}

void check_script_name(const std::string& name, domain::Complaints& complaints) {
  if (!name.ends_with(".py")) {
    complaints.add(name, "is no Python file: an entry script's name ends with .py");
  }
}

void check_entry_script(os::CommandRunner& runner, const std::string& python, const os::Path& file,
                        const std::string& shown, domain::Complaints& complaints) {
  if (python.empty()) return;
  os::Command command;
  command.argv = {python, "-I", "-S", "-c", kProgram, file.string(), shown};
  std::string last_line;
  auto status = runner.run(command, [&](std::string_view line) { last_line = std::string(line); });
  auto answer = parse_json(last_line, "answer");
  if (!status || !status->ok() || !answer || !answer->is_object()) {
    // Not the script's fault; the replica will say what is wrong with it.
    log(Level::warning, "script_unchecked", {{"python", python}, {"script", shown}});
    return;
  }
  add_complaints(*answer, shown, complaints);
}

void check_entry_script_text(os::CommandRunner& runner, const std::string& python,
                             const os::Path& staging, const std::string& shown,
                             std::string_view text, domain::Complaints& complaints) {
  check_script_name(shown, complaints);
  os::Path file = staging / "script.py";
  auto written = os::make_directories(staging, 0700);
  if (written) written = os::write_file_atomic(file, text, 0600);
  if (written) check_entry_script(runner, python, file, shown, complaints);
  if (!written) complaints.add(shown, written.error().message);
  if (auto removed = os::remove_tree(staging); !removed) {
    log(Level::warning, "staging_left", {{"reason", removed.error().message}});
  }
}

}  // namespace tidegate::control
