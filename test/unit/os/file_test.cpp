#include "os/file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace tidegate::os {
namespace {

// Ends the process: 0 if the write failed and left the folder as it was.
void write_under_a_limit(const Path& folder) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{.rlim_cur = 4, .rlim_max = 4};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  auto written = write_file_atomic(folder / "a", "much longer than four bytes");
  bool as_before = *read_file(folder / "a") == "old" &&
                   std::distance(std::filesystem::directory_iterator(folder), {}) == 1;
  ::_exit(!written.has_value() && as_before ? 0 : 1);
}

TEST(File, AtomicWriteReplacesAndLeavesNothingAside) {
  test::TempDir folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", "one").has_value());
  ASSERT_TRUE(write_file_atomic(folder / "a", "two", 0600).has_value());
  EXPECT_EQ(*read_file(folder / "a"), "two");
  struct stat info{};
  ::stat((folder / "a").c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(File, QuickWriteReplacesTheWholeTextToo) {
  test::TempDir folder;
  ASSERT_TRUE(write_file_quick(folder / "a", "a longer text", 0600).has_value());
  ASSERT_TRUE(write_file_quick(folder / "a", "short", 0640).has_value());
  EXPECT_EQ(read_file(folder / "a").value(), "short");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  EXPECT_FALSE(write_file_quick(folder / "missing" / "a", "x").has_value());
}

TEST(File, AtomicWriteIntoAMissingFolderNamesTheFile) {
  test::TempDir folder;
  auto written = write_file_atomic(folder / "missing/a", "x");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, Code::not_found);
  EXPECT_NE(written.error().message.find("missing"), std::string::npos);
}

TEST(File, AtomicWriteOnAFullDiskKeepsTheOldText) {
  test::TempDir folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", "old").has_value());
  // A write limit stands for the full disk; SIGXFSZ is ignored so that write() answers EFBIG.
  EXPECT_EXIT(write_under_a_limit(folder.path()), testing::ExitedWithCode(0), "");
}

TEST(File, LastLinesAreTheLastOnes) {
  test::TempDir folder;
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i) + "\n";
  ASSERT_TRUE(write_file_atomic(folder / "log", text).has_value());
  EXPECT_EQ(*read_last_lines(folder / "log", 2), "line 19998\nline 19999\n");
  EXPECT_EQ(*read_last_lines(folder / "log", 30'000), text);
  EXPECT_EQ(*read_last_lines(folder / "log", 20'000), text);
  EXPECT_EQ(*read_last_lines(folder / "log", 0), "");
  EXPECT_EQ(*read_last_lines(folder / "nothing", 5), "");
  ASSERT_TRUE(write_file_atomic(folder / "open", "a\nb\nno newline").has_value());
  EXPECT_EQ(*read_last_lines(folder / "open", 2), "b\nno newline");
}

TEST(File, SymlinkIsReplacedInOneStep) {
  test::TempDir folder;
  ASSERT_TRUE(replace_symlink(folder / "link", "one").has_value());
  ASSERT_TRUE(replace_symlink(folder / "link", "two").has_value());
  EXPECT_EQ(std::filesystem::read_symlink(folder / "link"), "two");
}

TEST(File, CopyIsNoHardLink) {
  test::TempDir folder;
  ASSERT_TRUE(write_file_atomic(folder / "a", "text", 0444).has_value());
  ASSERT_TRUE(os::copy_file(folder / "a", folder / "b").has_value());
  EXPECT_EQ(*read_file(folder / "b"), "text");
  EXPECT_EQ(std::filesystem::hard_link_count(folder / "a"), 1U);
  EXPECT_FALSE(os::copy_file(folder / "missing", folder / "c").has_value());
}

}  // namespace
}  // namespace tidegate::os
