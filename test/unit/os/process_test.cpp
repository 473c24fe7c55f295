#include "os/process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace tidegate::os {
namespace {

std::vector<std::string> lines_of(const Command& command, ExitStatus* status = nullptr) {
  RealCommandRunner runner;
  std::vector<std::string> lines;
  auto result = runner.run(command, [&](std::string_view line) { lines.emplace_back(line); });
  EXPECT_TRUE(result.has_value());
  if (status != nullptr) *status = *result;
  return lines;
}

TEST(Process, OutputComesLineByLineWithTheExitCode) {
  ExitStatus status;
  EXPECT_EQ(
      lines_of({.argv = {"sh", "-c", "echo one; echo two >&2; printf three; exit 7"}}, &status),
      (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(status.code, 7);
  EXPECT_EQ(describe(status), "exit code 7");
}

TEST(Process, DeathBySignalIsToldFromAnExit) {
  ExitStatus status;
  lines_of({.argv = {"sh", "-c", "kill -9 $$"}}, &status);
  EXPECT_EQ(status.signal, SIGKILL);
  EXPECT_FALSE(status.ok());
}

TEST(Process, OneThatIsCancelledEndsWithAllThatItStarted) {
  std::atomic<bool> is_cancelled = false;
  RealCommandRunner runner;
  std::string child;
  // The one that it started holds its output open, so only the end of the group ends the run.
  auto result = runner.run({.argv = {"sh", "-c", "sleep 1000 & echo $!; wait"},
                            .is_cancelled = [&] { return is_cancelled.load(); }},
                           [&](std::string_view line) {
                             child = line;
                             is_cancelled = true;
                           });
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::cancelled);
  EXPECT_NE(result.error().message.find("sh was ended"), std::string::npos);
  const os::Path process = os::Path("/proc") / child;
  // Nobody of ours is its parent: whoever is reaps it.
  for (int i = 0; i < 1000 && std::filesystem::exists(process); ++i) {
    std::string state = os::read_file(process / "stat").value_or(") Z");
    if (state.find(") Z") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(!std::filesystem::exists(process) ||
              os::read_file(process / "stat").value_or(") Z").find(") Z") != std::string::npos);
}

TEST(Process, OneThatIsNotCancelledRunsToItsEnd) {
  RealCommandRunner runner;
  std::vector<std::string> lines;
  auto result =
      runner.run({.argv = {"sh", "-c", "echo one; exit 7"}, .is_cancelled = [] { return false; }},
                 [&](std::string_view line) { lines.emplace_back(line); });
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->code, 7);
  EXPECT_EQ(lines, std::vector<std::string>{"one"});
}

TEST(Process, MissingProgramIsAnErrorThatNamesIt) {
  auto pid = spawn({.argv = {"/no/such/program"}}, {});
  ASSERT_FALSE(pid.has_value());
  EXPECT_EQ(pid.error().code, Code::not_found);
  EXPECT_NE(pid.error().message.find("/no/such/program"), std::string::npos);
}

TEST(Process, MissingFolderIsAnErrorBeforeTheProgramRuns) {
  EXPECT_FALSE(spawn({.argv = {"true"}, .cwd = "/no/such/folder"}, {}).has_value());
}

TEST(Process, EnvironmentIsAddedOrReplacesAll) {
  ::setenv("TIDEGATE_TEST_VALUE", "outer", 1);
  Command print{.argv = {"/bin/sh", "-c", "echo \"$TIDEGATE_TEST_VALUE-$INNER\""}};
  print.env["INNER"] = "x";
  EXPECT_EQ(lines_of(print).front(), "outer-x");
  print.clear_env = true;
  EXPECT_EQ(lines_of(print).front(), "-x");
}

TEST(Process, DescriptorsArriveUnderTheirNumbersEvenWhenTheyCross) {
  test::TempDir folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", "first").has_value());
  ASSERT_TRUE(write_file_atomic(folder / "b", "second").has_value());
  UniqueFd a(::open((folder / "a").c_str(), O_RDONLY | O_CLOEXEC));
  UniqueFd b(::open((folder / "b").c_str(), O_RDONLY | O_CLOEXEC));
  int output[2];
  ASSERT_EQ(::pipe2(output, O_CLOEXEC), 0);
  // Each one goes to the number that the other one has here.
  auto pid =
      spawn({.argv = {"sh", "-c",
                      "cat <&" + std::to_string(b.get()) + "; cat <&" + std::to_string(a.get())}},
            {.fds = {{a.get(), b.get()}, {b.get(), a.get()}}, .stdout_fd = output[1]});
  ASSERT_TRUE(pid.has_value());
  ::close(output[1]);
  EXPECT_TRUE(wait_for(*pid)->ok());
  char text[64] = {};
  EXPECT_EQ(::read(output[0], text, sizeof text), 11);
  EXPECT_STREQ(text, "firstsecond");
  ::close(output[0]);
}

TEST(Process, FindProgramSearchesThePath) {
  EXPECT_TRUE(find_program("sh").has_value());
  EXPECT_FALSE(find_program("no-such-program-anywhere").has_value());
  EXPECT_FALSE(find_program("/etc/passwd").has_value());
}

}  // namespace
}  // namespace tidegate::os
