// With a uv and interpreters that are scripted: the paths that a real uv takes seldom.
#include "image/environments.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <latch>
#include <mutex>

#include "os/file_lock.h"
#include "os/real_random.h"
#include "support/temp_dir.h"

namespace tidegate::image {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUv = "/bin/true";  // only has to exist: the runner below answers for it

// Answers as uv and as the interpreters would.
class ScriptedRunner final : public os::CommandRunner {
 public:
  std::string list =
      R"([{"version":"3.11.2","path":"/usr/bin/python3.11","implementation":"cpython"}])";
  std::vector<std::string> install_output = {"Installed 1 package"};
  os::ExitStatus install_status;
  std::latch* install_gate = nullptr;
  std::atomic<int> installs = 0;
  std::atomic<int> lists = 0;

  Result<os::ExitStatus> run(const os::Command& command, const LineSink& on_line) override {
    if (command.argv[0] != kUv) return answer_as_interpreter(command.argv[0], on_line);
    for (const std::string& word : command.argv) {
      if (word == "list") return answer_list(on_line);
      if (word == "venv") return make_venv(command.argv.back());
      if (word == "install") return install(on_line);
      if (word == "freeze") on_line("six==1.16.0");
    }
    return os::ExitStatus{};
  }

 private:
  Result<os::ExitStatus> answer_as_interpreter(const std::string& path, const LineSink& on_line) {
    if (path.find("broken") != std::string::npos) return os::ExitStatus{.code = 127};
    std::string version = path.find("old") != std::string::npos ? "3.6.15" : "3.11.2";
    on_line("some noise of a wrapper");
    on_line(R"(tidegate-python {"version": ")" + version + R"(", "executable": ")" + path +
            R"(", "base": "/real)" + path + "\"}");
    return os::ExitStatus{};
  }
  Result<os::ExitStatus> answer_list(const LineSink& on_line) {
    ++lists;
    on_line("warning: Failed to inspect Python interpreter");
    on_line(list);
    return os::ExitStatus{};
  }
  Result<os::ExitStatus> make_venv(const std::string& path) {
    fs::create_directories(fs::path(path) / "bin");
    fs::create_symlink("/bin/true", fs::path(path) / "bin" / "python");
    return os::ExitStatus{};
  }
  Result<os::ExitStatus> install(const LineSink& on_line) {
    ++installs;
    if (install_gate != nullptr) install_gate->wait();
    for (const std::string& line : install_output) on_line(line);
    return install_status;
  }
};

class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = ::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~ScopedVariable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

class EnvironmentsTest : public testing::Test {
 protected:
  EnvironmentsTest() {
    environment_.pip = {"six==1.16.0"};
    environment_.origins = {{"six==1.16.0", "conda.yml:4"}, {"python=3.8", "conda.yml:2"}};
  }

  Result<BuiltEnvironment> ensure(const EnvironmentOptions& options = {}) {
    return environments_.ensure(environment_, options, [this](std::string_view line) {
      std::lock_guard lock(mutex_);
      log_ += std::string(line) + "\n";
    });
  }
  bool logged(std::string_view text) {
    std::lock_guard lock(mutex_);
    return log_.find(text) != std::string::npos;
  }
  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(root_))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  test::TempDir folder_;
  // The interpreters of this machine are not part of the test.
  ScopedVariable pyenv_{"PYENV_ROOT", folder_ / "no-pyenv"};
  ScopedVariable path_{"PATH", folder_ / "bin"};
  os::Path root_ = folder_ / "environments";
  ScriptedRunner runner_;
  os::RealRandom random_;
  domain::Environment environment_;
  std::mutex mutex_;
  std::string log_;  // guarded by mutex_
  Environments environments_{root_, kUv, runner_, random_};
};

TEST_F(EnvironmentsTest, FailedBuildNamesPackageAndLineAndLeavesNothing) {
  runner_.install_status.code = 1;
  runner_.install_output = {
      "error: No solution found when resolving dependencies",
      "  cause: Because there is no version of six==1.16.0 and you require "
      "six==1.16.0, we can conclude that your requirements are unsatisfiable."};
  auto result = ensure();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::invalid);
  EXPECT_TRUE(result.error().message.starts_with("conda.yml:4: the package six==1.16.0"));
  EXPECT_NE(result.error().message.find("unsatisfiable"), std::string::npos);
  EXPECT_EQ(entries(), std::vector<std::string>{});
  EXPECT_TRUE(logged("No solution found"));
}

TEST_F(EnvironmentsTest, FullDiskIsSaidAndLeavesNothing) {
  runner_.install_status.code = 2;
  runner_.install_output = {"error: Failed to install: six",
                            "  cause: No space left on device (os error 28)"};
  auto result = ensure();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::exhausted);
  EXPECT_NE(result.error().message.find(root_.string()), std::string::npos);
  EXPECT_EQ(entries(), std::vector<std::string>{});
}

TEST_F(EnvironmentsTest, KilledBuildCanBeTriedAgain) {
  runner_.install_status.signal = 9;
  auto result = ensure();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::unavailable);
  EXPECT_EQ(entries(), std::vector<std::string>{});
  runner_.install_status.signal = 0;
  EXPECT_TRUE(ensure().has_value());
}

TEST_F(EnvironmentsTest, SecondAskFindsTheFirstBuild) {
  auto first = ensure();
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(first->reused);
  EXPECT_EQ(first->found_in, "built");
  EXPECT_TRUE(logged("not in the workspace registry; building"));
  auto second = ensure();
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE(second->reused);
  EXPECT_EQ(second->found_in, "workspace registry");
  EXPECT_EQ(second->interpreter, first->interpreter);
  EXPECT_EQ(second->hash, first->hash);
  EXPECT_EQ(runner_.installs, 1);
  EXPECT_EQ(runner_.lists, 1);
  EXPECT_TRUE(logged("found in the workspace registry"));
  auto folder = fs::read_symlink(root_ / first->hash);
  for (const char* name : {"recipe.txt", "requirements.txt", "lock.txt"}) {
    EXPECT_TRUE(fs::exists(root_ / folder / name)) << name;
  }
  EXPECT_EQ(os::read_file(root_ / folder / "lock.txt").value(), "six==1.16.0\n");
}

TEST_F(EnvironmentsTest, OneRecipeAskedForTwiceAtOnceIsBuiltOnce) {
  std::latch gate(1);
  runner_.install_gate = &gate;
  auto first = std::async(std::launch::async, [this] { return ensure(); });
  auto second = std::async(std::launch::async, [this] { return ensure(); });
  while (!logged("waiting")) std::this_thread::yield();
  gate.count_down();
  auto one = first.get();
  auto other = second.get();
  ASSERT_TRUE(one.has_value() && other.has_value());
  EXPECT_NE(one->reused, other->reused);
  EXPECT_EQ(one->interpreter, other->interpreter);
  EXPECT_EQ(runner_.installs, 1);
}

TEST_F(EnvironmentsTest, WhoWaitsForAFailingBuildGetsItsError) {
  std::latch gate(1);
  runner_.install_gate = &gate;
  runner_.install_status.code = 1;
  auto first = std::async(std::launch::async, [this] { return ensure(); });
  auto second = std::async(std::launch::async, [this] { return ensure(); });
  while (!logged("waiting")) std::this_thread::yield();
  gate.count_down();
  auto one = first.get();
  auto other = second.get();
  ASSERT_FALSE(one.has_value() || other.has_value());
  EXPECT_EQ(one.error().message, other.error().message);
  EXPECT_EQ(runner_.installs, 1);
}

TEST_F(EnvironmentsTest, AnotherMinorVersionIsALoudLine) {
  environment_.python_version = "3.8";
  ASSERT_TRUE(ensure().has_value());
  EXPECT_TRUE(logged("WARNING: python=3.8 was asked for"));
  EXPECT_TRUE(logged("3.11.2"));
}

TEST_F(EnvironmentsTest, AnotherMinorVersionIsAnErrorWhenStrict) {
  environment_.python_version = "3.8";
  auto result = ensure({.strict = true});
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error().message.starts_with("conda.yml:2: python=3.8 was asked for"));
  environment_.python_version = "3.11.9";  // another patch is none
  EXPECT_TRUE(ensure({.strict = true}).has_value());
}

TEST_F(EnvironmentsTest, VersionThatIsNoneIsRefused) {
  for (const char* version : {"2.7", "three"}) {
    environment_.python_version = version;
    EXPECT_FALSE(ensure().has_value()) << version;
  }
  environment_.python_version = "3";
  EXPECT_TRUE(ensure().has_value());
}

TEST_F(EnvironmentsTest, WithoutAVersionTheUsualInterpreterIsTaken) {
  os::make_directories(folder_ / "bin").value();
  os::write_file_atomic(folder_ / "bin" / "python3", "", 0755).value();
  ASSERT_TRUE(ensure().has_value());
  EXPECT_TRUE(logged("/real" + (folder_ / "bin" / "python3").string()));
}

TEST_F(EnvironmentsTest, VersionsOfPyenvAreCandidates) {
  os::Path program = folder_ / "no-pyenv" / "versions" / "3.9.18" / "bin" / "python";
  os::make_directories(program.parent_path()).value();
  os::write_file_atomic(program, "", 0755).value();
  environment_.python_version = "3.9";
  ASSERT_TRUE(ensure().has_value());
  EXPECT_TRUE(logged("/real" + program.string()));
}

TEST_F(EnvironmentsTest, CandidateThatDoesNotRunGivesWayToTheNext) {
  runner_.list = R"([{"version":"3.11.7","path":"/broken/python3.11","implementation":"cpython"},)"
                 R"({"version":"3.10.1","path":"/usr/bin/python3.10","implementation":"cpython"}])";
  environment_.python_version = "3.11";
  ASSERT_TRUE(ensure().has_value());
  EXPECT_TRUE(logged("/real/usr/bin/python3.10"));
}

TEST_F(EnvironmentsTest, NoInterpreterAtAllIsAnErrorThatListsWhatThereIs) {
  runner_.list = R"([{"version":"3.6.15","path":"/usr/bin/python3.6","implementation":"cpython"}])";
  auto result = ensure();
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().message.find("3.6.15 (/usr/bin/python3.6)"), std::string::npos);
}

TEST_F(EnvironmentsTest, DockerStepsAreRefusedUnlessIgnored) {
  environment_.base_dockerfile = "FROM x\n";
  environment_.conda = {"cudatoolkit"};
  auto result = ensure();
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().message.find("docker.baseDockerfile"), std::string::npos);
  EXPECT_NE(result.error().message.find("cudatoolkit"), std::string::npos)
      << "all problems at once";
  environment_.conda.clear();
  EXPECT_TRUE(ensure({.ignore_docker_steps = true}).has_value());
  EXPECT_TRUE(logged("WARNING: the Docker steps"));
}

TEST_F(EnvironmentsTest, BaseImageAndChannelsAreNotUsedAndThatIsSaid) {
  environment_.base_image = "some/image:1";
  environment_.channels = {"conda-forge", "anaconda"};
  ASSERT_TRUE(ensure().has_value());
  EXPECT_TRUE(logged("WARNING: the base image some/image:1 is not used on a process target"));
  EXPECT_TRUE(logged("channels (conda-forge, anaconda) are not used"));
}

TEST_F(EnvironmentsTest, MissingUvIsSaidWithItsCure) {
  Environments without_uv(root_, "/no/such/uv", runner_, random_);
  auto result = without_uv.ensure(environment_, {}, [](std::string_view) {});
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().message.find("TIDEGATE_UV"), std::string::npos);
}

TEST_F(EnvironmentsTest, LeftoverOfACrashIsRemovedAtTheNextStart) {
  ASSERT_TRUE(ensure().has_value());
  auto before = entries();
  fs::create_directories(root_ / "abc-0001" / "venv");
  os::write_file_atomic(root_ / "abc-0001" / "lock", "").value();
  fs::create_directories(root_ / "abc-0002");
  auto still_building = os::FileLock::try_take(root_ / "abc-0002" / "lock");
  Environments next(root_, kUv, runner_, random_);
  before.push_back("abc-0002");
  std::sort(before.begin(), before.end());
  EXPECT_EQ(entries(), before);
}

TEST_F(EnvironmentsTest, EnvironmentWhoseInterpreterIsGoneIsBuiltAnew) {
  auto first = ensure();
  ASSERT_TRUE(first.has_value());
  fs::remove(first->interpreter);
  fs::create_symlink("/no/such/python", first->interpreter);
  auto second = ensure();
  ASSERT_TRUE(second.has_value());
  EXPECT_FALSE(second->reused);
  EXPECT_NE(second->interpreter, first->interpreter);
}

TEST_F(EnvironmentsTest, UserManagedInterpreterIsUsedAsItIs) {
  environment_.user_managed = true;
  environment_.interpreter = "/bin/sh";
  // A user-managed interpreter needs no uv and no folder.
  Environments plain(root_, "/no/such/uv", runner_, random_);
  auto result = plain.ensure(environment_, {}, [](std::string_view) {});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->interpreter, "/bin/sh");
  EXPECT_EQ(result->found_in, "user-managed");
  EXPECT_EQ(entries(), std::vector<std::string>{});
}

TEST_F(EnvironmentsTest, UserManagedInterpreterThatWillNotDoIsNamedWithItsKey) {
  os::Path old = folder_ / "old-python";
  os::Path broken = folder_ / "broken-python";
  for (const os::Path& path : {old, broken}) {
    os::write_file_atomic(path, "#!/bin/sh\n", 0755).value();
  }
  environment_.user_managed = true;
  const std::pair<std::string, const char*> cases[] = {
      {"/no/such/python", "no such program on this machine"},
      {"no-such-python", "no such program in PATH"},
      {"./venv/bin/python", "must be an absolute path"},
      {old.string(), "is Python 3.6.15, must be 3.8 or newer"},
      {broken.string(), "does not run as a Python (exit code 127)"},
  };
  for (const auto& [path, reason] : cases) {
    environment_.interpreter = path;
    auto result = ensure();
    ASSERT_FALSE(result.has_value()) << path;
    EXPECT_TRUE(result.error().message.starts_with("environment.python.interpreterPath: " + path))
        << result.error().message;
    EXPECT_NE(result.error().message.find(reason), std::string::npos) << result.error().message;
  }
}

}  // namespace
}  // namespace tidegate::image
