#include "archive/pack.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <gtest/gtest.h>

#include "archive/unpack.h"
#include "os/sha256.h"
#include "support/temp_dir.h"

namespace tidegate::archive {
namespace {

namespace fs = std::filesystem;

class PackTest : public testing::Test {
 protected:
  PackTest() { fs::create_directories(source()); }

  fs::path source() const { return dir_ / "src"; }
  void write(const std::string& path, std::string_view text = "x", int mode = 0644) {
    fs::create_directories((source() / path).parent_path());
    ASSERT_TRUE(os::write_file_atomic(source() / path, text, mode).has_value());
  }
  Result<PackSummary> pack_it(const PackLimits& limits = {}) {
    skipped_.clear();
    return pack(source(), dir_ / "out.tar.gz", limits,
                [this](std::string_view path, std::string_view why) {
                  skipped_.push_back(std::string(path) + ": " + std::string(why));
                });
  }
  // What a receiver sees, links with their target.
  std::vector<std::string> unpacked() {
    fs::path out = dir_ / "out";
    fs::remove_all(out);
    Result<> result = unpack(dir_ / "out.tar.gz", out, {});
    EXPECT_TRUE(result.has_value()) << result.error().message;
    std::vector<std::string> names;
    for (const auto& item : fs::recursive_directory_iterator(out)) {
      std::string name = item.path().lexically_relative(out).string();
      if (item.is_symlink()) name += " -> " + fs::read_symlink(item.path()).string();
      names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }

  test::TempDir dir_;
  std::vector<std::string> skipped_;
};

using Names = std::vector<std::string>;

TEST_F(PackTest, TheTopFolderIsNamedLikeTheRealFolder) {
  write("score.py");
  fs::create_directory_symlink(source(), dir_ / "link");
  auto summary = pack(dir_ / "link" / ".", dir_ / "out.tar.gz", {}, [](auto, auto) {});
  ASSERT_TRUE(summary.has_value()) << summary.error().message;
  EXPECT_EQ(summary->top_folder, "src");
  EXPECT_EQ(unpacked(), (Names{"src", "src/score.py"}));
}

TEST_F(PackTest, ContentAndExecutableBitArrive) {
  write("a/score.py", "print('hi')\n", 0640);
  write("run.sh", std::string(200'000, 'z'), 0750);
  write("empty", "");
  write("\xc3\xbc.py", "umlaut");
  auto summary = pack_it();
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->files, 4U);
  EXPECT_EQ(summary->bytes, 200'000U + 12 + 6);
  unpacked();
  EXPECT_EQ(os::read_file(dir_ / "out/src/a/score.py").value(), "print('hi')\n");
  EXPECT_EQ(os::read_file(dir_ / "out/src/run.sh").value(), std::string(200'000, 'z'));
  EXPECT_EQ(os::read_file(dir_ / "out/src/\xc3\xbc.py").value(), "umlaut");
  EXPECT_EQ(fs::status(dir_ / "out/src/run.sh").permissions(), fs::perms(0755));
  EXPECT_EQ(fs::status(dir_ / "out/src/a/score.py").permissions(), fs::perms(0644));
}

TEST_F(PackTest, TheSameContentGivesTheSameBytes) {
  write("b.py");
  write("a/c.py");
  write("run.sh", "x", 0755);
  ASSERT_TRUE(pack_it().has_value());
  std::string first = os::read_file(dir_ / "out.tar.gz").value();
  // Another order of creation, other times, other modes.
  fs::remove_all(source());
  write("run.sh", "x", 0700);
  write("a/c.py", "x", 0600);
  write("b.py");
  fs::last_write_time(source() / "b.py", fs::file_time_type() + std::chrono::hours(7));
  ASSERT_TRUE(pack_it().has_value());
  EXPECT_EQ(os::read_file(dir_ / "out.tar.gz").value(), first);
  write("b.py", "y");
  ASSERT_TRUE(pack_it().has_value());
  EXPECT_NE(os::read_file(dir_ / "out.tar.gz").value(), first);
}

TEST_F(PackTest, WhatTheIgnoreFileNamesIsLeftOutAndReported) {
  write(".gitignore", "*.csv\ndata/\n");
  write("score.py");
  write("a.csv");
  write("data/b.py");
  write("__pycache__/c.pyc");
  write("sub/.git/config");
  write(".azureml/config.json");
  auto summary = pack_it();
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->ignore_file, ".gitignore");
  EXPECT_EQ(unpacked(), (Names{"src", "src/.gitignore", "src/score.py", "src/sub"}));
  EXPECT_EQ(skipped_, (Names{".azureml/: always left out", "__pycache__/: always left out",
                             "a.csv: pattern *.csv of .gitignore",
                             "data/: pattern data/ of .gitignore", "sub/.git/: always left out"}));
}

TEST_F(PackTest, AmlignoreWinsOverGitignore) {
  write(".gitignore", "*.csv\n");
  write(".amlignore", "*.txt\n");
  write("a.csv");
  write("a.txt");
  auto summary = pack_it();
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->ignore_file, ".amlignore");
  EXPECT_EQ(skipped_, Names{"a.txt: pattern *.txt of .amlignore"});
}

TEST_F(PackTest, LinksInsideAreKeptAsRelativeLinks) {
  write("a/score.py");
  fs::create_symlink("a/score.py", source() / "same.py");
  fs::create_symlink(fs::canonical(source()) / "a", source() / "absolute");
  fs::create_symlink("../a", source() / "a" / "up");
  auto summary = pack_it();
  ASSERT_TRUE(summary.has_value()) << summary.error().message;
  EXPECT_EQ(unpacked(), (Names{"src", "src/a", "src/a/score.py", "src/a/up -> ../a",
                               "src/absolute -> a", "src/same.py -> a/score.py"}));
}

TEST_F(PackTest, ALinkThatLeadsOutIsRefusedByName) {
  for (const char* target : {"/etc/passwd", "../../secret", "a/../../x"}) {
    write("a/x");
    fs::remove(source() / "bad");
    fs::create_symlink(target, source() / "bad");
    auto summary = pack_it();
    ASSERT_FALSE(summary.has_value()) << target;
    EXPECT_EQ(summary.error().code, Code::invalid);
    EXPECT_EQ(summary.error().message,
              (fs::canonical(source()) / "bad").string() + " is a link to " + target +
                  ", outside of the source folder " + fs::canonical(source()).string() +
                  ": put the file itself there, or leave the link out with .amlignore");
    EXPECT_FALSE(fs::exists(dir_ / "out.tar.gz"));
  }
  write(".amlignore", "bad\n");
  EXPECT_TRUE(pack_it().has_value());
}

TEST_F(PackTest, ALinkThatLeadsOutThroughAnotherLinkIsRefused) {
  write("d/e/f/x");
  fs::create_symlink("../../..", source() / "d/e/f/top");
  fs::create_symlink("d/e/f/top/..", source() / "bad");
  auto summary = pack_it();
  ASSERT_FALSE(summary.has_value());
  EXPECT_NE(summary.error().message.find("bad is a link to"), std::string::npos)
      << summary.error().message;
}

TEST_F(PackTest, PipesAndSocketsAreLeftOut) {
  ASSERT_EQ(::mkfifo((source() / "pipe").c_str(), 0600), 0);
  write("score.py");
  ASSERT_TRUE(pack_it().has_value());
  EXPECT_EQ(skipped_, Names{"pipe: is no file"});
}

TEST_F(PackTest, LimitsAreReached) {
  write("a", "1234567890");
  write("b", "1234567890");
  EXPECT_TRUE(pack_it({.entries_max = 3, .bytes_max = 20}).has_value());
  auto many = pack_it({.entries_max = 2});
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error().code, Code::exhausted);
  auto large = pack_it({.bytes_max = 19});
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, Code::exhausted);
  EXPECT_NE(large.error().message.find(".amlignore"), std::string::npos);
  EXPECT_FALSE(fs::exists(dir_ / "out.tar.gz"));
}

TEST_F(PackTest, AFolderThatIsNotThereIsNamed) {
  auto missing = pack(dir_ / "nowhere", dir_ / "out.tar.gz", {}, [](auto, auto) {});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().message, "cannot read the folder " + (dir_ / "nowhere").string() +
                                         ": No such file or directory");
  write("file");
  auto file = pack(source() / "file", dir_ / "out.tar.gz", {}, [](auto, auto) {});
  ASSERT_FALSE(file.has_value());
  EXPECT_TRUE(file.error().message.ends_with("file is no folder"));
}

TEST_F(PackTest, AnOutputThatCannotBeWrittenIsAnError) {
  write("a");
  auto result = pack(source(), dir_ / "no/such/folder/out.tar.gz", {}, [](auto, auto) {});
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error().message.starts_with("cannot write the archive of "))
      << result.error().message;
}

}  // namespace
}  // namespace tidegate::archive
