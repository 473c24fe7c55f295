#include "backend/local/sandbox.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/temp_dir.h"

namespace tidegate::backend::local {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

SandboxPlan some_plan() {
  return {.bubblewrap = "/usr/bin/bwrap",
          .data_dir = "/home/me/.tidegate",
          .app = "/home/me/.tidegate/versions/v/app",
          .has_models = true,
          .run = "/home/me/.tidegate/replicas/r/run",
          .tmp = "/home/me/.tidegate/replicas/r/tmp",
          .needed = {"/usr", "/usr/bin"},
          .var_entries = {{"lib", {}}, {"run", "/run"}, {"tmp", {}}, {"azureml-app", {}}}};
}

TEST(Sandbox, MountsComeInThisOrder) {
  EXPECT_EQ(joined(sandbox_argv(some_plan())),
            "/usr/bin/bwrap --unshare-pid --unshare-ipc --die-with-parent --cap-drop ALL "
            "--ro-bind / / "
            "--tmpfs /var --ro-bind-try /var/lib /var/lib --symlink /run /var/run "
            "--dev /dev --proc /proc "
            "--bind /home/me/.tidegate/replicas/r/tmp /tmp "
            "--bind /home/me/.tidegate/replicas/r/tmp /var/tmp "
            "--tmpfs /home/me/.tidegate "
            "--bind /home/me/.tidegate/versions/v/app /var/azureml-app "
            "--ro-bind /home/me/.tidegate/versions/v/app/azureml-models "
            "/var/azureml-app/azureml-models "
            "--bind /home/me/.tidegate/replicas/r/run /var/tidegate/run "
            "--remount-ro /var --remount-ro /home/me/.tidegate "
            "--chdir /var/azureml-app --");
}

TEST(Sandbox, EnvironmentInTheDataFolderComesBackReadOnlyAfterItIsHidden) {
  SandboxPlan plan = some_plan();
  plan.needed = {"/home/me/.tidegate/environments/h/venv/bin",
                 "/home/me/.tidegate/environments/h/venv", "/usr/bin"};
  std::string argv = joined(sandbox_argv(plan));
  std::string bind =
      "--ro-bind /home/me/.tidegate/environments/h/venv /home/me/.tidegate/environments/h/venv ";
  EXPECT_LT(argv.find("--tmpfs /home/me/.tidegate "), argv.find(bind));
  EXPECT_NE(argv.find(bind), std::string::npos);
  EXPECT_EQ(argv.find("venv/bin"), std::string::npos) << "its parent is bound already";
}

TEST(Sandbox, DataFolderBelowTmpIsHiddenByTmpItself) {
  SandboxPlan plan = some_plan();
  plan.data_dir = "/tmp/data";
  plan.needed = {"/tmp/data/env"};
  std::string argv = joined(sandbox_argv(plan));
  EXPECT_EQ(argv.find("--tmpfs /tmp/data"), std::string::npos);
  EXPECT_EQ(argv.find("--remount-ro /tmp/data"), std::string::npos);
  EXPECT_GT(argv.find("--ro-bind /tmp/data/env /tmp/data/env"), argv.find("r/tmp /tmp "));
}

TEST(Sandbox, StorageIsTheOnlyFolderBesidesItsOwnThatAReplicaWrites) {
  SandboxPlan plan = some_plan();
  plan.storage = "/home/me/.tidegate/storage/default";
  std::string argv = joined(sandbox_argv(plan));
  EXPECT_NE(
      argv.find("--bind /home/me/.tidegate/storage/default /var/tidegate/storage --remount-ro"),
      std::string::npos)
      << argv;
}

TEST(Sandbox, VersionWithoutModelsHasNoModelsMount) {
  SandboxPlan plan = some_plan();
  plan.has_models = false;
  EXPECT_EQ(joined(sandbox_argv(plan)).find("azureml-models"), std::string::npos);
}

TEST(Sandbox, WithinIsByWholeNames) {
  EXPECT_TRUE(is_within("/tmp", "/tmp"));
  EXPECT_TRUE(is_within("/tmp/a/b", "/tmp"));
  EXPECT_TRUE(is_within("/tmp/a", "/tmp/"));
  EXPECT_FALSE(is_within("/tmpfile", "/tmp"));
  EXPECT_FALSE(is_within("/", "/tmp"));
  EXPECT_TRUE(is_within("/tmp", "/"));
}

TEST(Sandbox, InterpreterNeedsItsEnvironmentAndWhatThatStandsOn) {
  test::TempDir folder;
  os::Path root = std::filesystem::canonical(folder.path());
  for (const char* bin : {"base/bin", "venv/bin"}) std::filesystem::create_directories(root / bin);
  os::write_file_quick(root / "base/bin/python3.11", "").value();
  std::filesystem::create_symlink(root / "base/bin/python3.11", root / "venv/bin/python");
  auto folders = folders_of_interpreter(root / "venv/bin/python");
  for (const char* needed : {"venv", "base"}) {
    EXPECT_NE(std::find(folders.begin(), folders.end(), root / needed), folders.end()) << needed;
  }
}

// Answers as bubblewrap would.
class FakeBubblewrap final : public os::CommandRunner {
 public:
  os::ExitStatus status;
  std::string line;
  std::vector<std::string> argv;
  Result<os::ExitStatus> run(const os::Command& command, const LineSink& on_line) override {
    argv = command.argv;
    if (!line.empty()) on_line(line);
    return status;
  }
};

TEST(Sandbox, IsolationThatCannotBeHadSaysWhy) {
  test::TempDir folder;
  FakeBubblewrap runner;
  runner.status.code = 1;
  runner.line = "bwrap: No permissions to create new namespace";
  Isolation isolation = try_isolation(folder.path(), folder / "scratch", runner);
  EXPECT_FALSE(isolation.available);
  EXPECT_EQ(isolation.text, "none (bwrap: No permissions to create new namespace)");
  EXPECT_FALSE(std::filesystem::exists(folder / "scratch"));
}

TEST(Sandbox, IsolationIsTriedWithTheMountsItWillHave) {
  test::TempDir folder;
  FakeBubblewrap runner;
  Isolation isolation = try_isolation(folder.path(), folder / "scratch", runner);
  EXPECT_TRUE(isolation.available);
  EXPECT_EQ(isolation.text, "bubblewrap");
  EXPECT_EQ(runner.argv.back(), "true");
  EXPECT_NE(joined(runner.argv).find("/var/azureml-app/azureml-models"), std::string::npos);
}

}  // namespace
}  // namespace tidegate::backend::local
