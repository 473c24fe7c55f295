#include "backend/local/sandbox.h"

#include <algorithm>

#include <fmt/format.h>

#include "backend/local/layout.h"
#include "backend/variables.h"

namespace tidegate::backend::local {
namespace {

namespace fs = std::filesystem;

// Folders of the sandbox that replace those of the machine.
constexpr std::string_view kReplaced[] = {"/tmp", "/var/tmp", "/dev", "/proc"};

class Words {
 public:
  void add(std::initializer_list<std::string_view> words) {
    for (std::string_view word : words) words_.emplace_back(word);
  }
  std::vector<std::string> take() { return std::move(words_); }

 private:
  std::vector<std::string> words_;
};

bool is_replaced(const os::Path& path) {
  return std::any_of(std::begin(kReplaced), std::end(kReplaced),
                     [&path](std::string_view folder) { return is_within(path, folder); });
}

// /var becomes an empty folder with the machine's entries put back, because the app's mount point
// in it does not exist on the machine and could not be made on a read-only system.
void add_var(Words& words, const std::vector<VarEntry>& entries) {
  words.add({"--tmpfs", "/var"});
  for (const VarEntry& entry : entries) {
    std::string path = "/var/" + entry.name;
    if (is_within(path, kAppInSandbox) || path == "/var/tmp" || path == "/var/tidegate") continue;
    if (entry.link) {
      words.add({"--symlink", *entry.link, path});
    } else {
      words.add({"--ro-bind-try", path, path});
    }
  }
}

// Parents before children: a later mount would cover an earlier one below it.
std::vector<os::Path> hidden_but_needed(const SandboxPlan& plan) {
  std::vector<os::Path> paths;
  for (const os::Path& path : plan.needed) {
    if (is_within(path, plan.data_dir) || is_replaced(path)) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  std::vector<os::Path> kept;
  for (const os::Path& path : paths) {
    if (kept.empty() || !is_within(path, kept.back())) kept.push_back(path);
  }
  return kept;
}

}  // namespace

std::vector<std::string> sandbox_argv(const SandboxPlan& plan) {
  Words words;
  words.add({plan.bubblewrap.string(), "--unshare-pid", "--unshare-ipc", "--die-with-parent",
             "--cap-drop", "ALL", "--ro-bind", "/", "/"});
  add_var(words, plan.var_entries);
  std::string tmp = plan.tmp.string();
  words.add({"--dev", "/dev", "--proc", "/proc", "--bind", tmp, "/tmp", "--bind", tmp, "/var/tmp"});
  // A data folder below /tmp is out of sight already.
  bool hide = !is_replaced(plan.data_dir);
  if (hide) words.add({"--tmpfs", plan.data_dir.string()});
  std::string models = fmt::format("{}/{}", kAppInSandbox, kModelsFolder);
  words.add({"--bind", plan.app.string(), kAppInSandbox});
  if (plan.has_models) words.add({"--ro-bind", (plan.app / kModelsFolder).string(), models});
  words.add({"--bind", plan.run.string(), kRunInSandbox});
  if (!plan.storage.empty()) words.add({"--bind", plan.storage.string(), kStorageInSandbox});
  for (const os::Path& path : hidden_but_needed(plan)) {
    words.add({"--ro-bind", path.string(), path.string()});
  }
  // What stands in for the hidden folders is memory: nobody may fill it.
  words.add({"--remount-ro", "/var"});
  if (hide) words.add({"--remount-ro", plan.data_dir.string()});
  words.add({"--chdir", kAppInSandbox, "--"});
  return words.take();
}

std::vector<VarEntry> list_var() {
  std::vector<VarEntry> entries;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/var", error)) {
    VarEntry found{.name = entry.path().filename(), .link = std::nullopt};
    if (entry.is_symlink(error)) found.link = fs::read_symlink(entry.path(), error).string();
    entries.push_back(std::move(found));
  }
  std::sort(entries.begin(), entries.end(),
            [](const VarEntry& a, const VarEntry& b) { return a.name < b.name; });
  return entries;
}

std::vector<os::Path> folders_of_interpreter(const os::Path& interpreter) {
  std::vector<os::Path> folders;
  std::error_code error;
  auto add = [&](const os::Path& bin) {
    os::Path real = fs::canonical(bin, error);
    if (error) return;
    folders.push_back(real);
    if (real.has_parent_path() && real.parent_path() != "/") folders.push_back(real.parent_path());
  };
  add(interpreter.parent_path());
  os::Path base = fs::canonical(interpreter, error);
  if (!error) add(base.parent_path());
  return folders;
}

bool is_within(const os::Path& path, const os::Path& folder) {
  auto [in_folder, in_path] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return in_folder == folder.end() || (in_folder->empty() && std::next(in_folder) == folder.end());
}

Isolation try_isolation(const os::Path& data_dir, const os::Path& scratch,
                        os::CommandRunner& runner) {
  auto program = os::find_program("bwrap");
  if (!program)
    return {.available = false, .text = "none (bubblewrap is not installed)", .bubblewrap = {}};
  SandboxPlan plan{.bubblewrap = *program,
                   .data_dir = data_dir,
                   .app = scratch / "app",
                   .has_models = true,
                   .run = scratch / "run",
                   .tmp = scratch / "tmp",
                   .needed = {},
                   .var_entries = list_var()};
  for (const os::Path& folder : {plan.app / kModelsFolder, plan.run, plan.tmp}) {
    auto made = os::make_directories(folder);
    if (!made)
      return {.available = false,
              .text = fmt::format("none ({})", made.error().message),
              .bubblewrap = {}};
  }
  os::Command command{.argv = sandbox_argv(plan)};
  command.argv.emplace_back("true");
  std::string complaint;
  auto status = runner.run(command, [&complaint](std::string_view line) {
    if (complaint.empty()) complaint = line;
  });
  static_cast<void>(os::remove_tree(scratch));
  if (status && status->ok())
    return {.available = true, .text = "bubblewrap", .bubblewrap = *program};
  if (!status) complaint = status.error().message;
  if (complaint.empty()) complaint = "bubblewrap: " + os::describe(*status);
  return {.available = false, .text = fmt::format("none ({})", complaint), .bubblewrap = {}};
}

}  // namespace tidegate::backend::local
