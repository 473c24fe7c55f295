#include "archive/unpack.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <numeric>

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace tidegate::archive {
namespace {

namespace fs = std::filesystem;

// One entry of a tar file, byte by byte, so that a test can say what no honest packer would.
std::string entry(const std::string& name, char type, const std::string& content = "",
                  const std::string& link = "", unsigned mode = 0644) {
  char head[512] = {};
  std::strncpy(head, name.c_str(), 100);
  std::snprintf(head + 100, 8, "%07o", mode);
  std::snprintf(head + 108, 8, "%07o", 1000U);
  std::snprintf(head + 116, 8, "%07o", 1000U);
  std::snprintf(head + 124, 12, "%011zo", content.size());
  std::snprintf(head + 136, 12, "%011o", 0U);
  head[156] = type;
  std::strncpy(head + 157, link.c_str(), 100);
  std::memcpy(head + 257, "ustar\00000", 8);
  std::memset(head + 148, ' ', 8);
  unsigned sum = std::accumulate(std::begin(head), std::end(head), 0U, [](unsigned s, char c) {
    return s + static_cast<unsigned char>(c);
  });
  std::snprintf(head + 148, 8, "%06o", sum);
  std::string padding((512 - content.size() % 512) % 512, '\0');
  return std::string(head, 512) + content + padding;
}

constexpr char kFile = '0';
constexpr char kHardLink = '1';
constexpr char kSymlink = '2';
constexpr char kDevice = '3';
constexpr char kFolder = '5';
constexpr char kPipe = '6';

class UnpackTest : public testing::Test {
 protected:
  Result<> unpack_entries(std::initializer_list<std::string> entries,
                          const UnpackLimits& limits = {}) {
    std::string text;
    for (const std::string& one : entries) text += one;
    text += std::string(1024, '\0');
    EXPECT_TRUE(os::write_file_atomic(dir_ / "x.tar", text).has_value());
    fs::remove_all(out());
    return unpack(dir_ / "x.tar", out(), limits);
  }
  void expect_refused(const Result<>& result, const std::string& message) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message, (dir_ / "x.tar").string() + ": " + message);
    EXPECT_FALSE(fs::exists(out()));
  }
  fs::path out() const { return dir_ / "in" / "out"; }
  UnpackTest() { fs::create_directories(dir_ / "in"); }

  test::TempDir dir_;
};

TEST_F(UnpackTest, FilesFoldersAndLinksArrive) {
  Result<> result = unpack_entries({
      entry("src/", kFolder),
      entry("src/a.py", kFile, "hello"),
      entry("./src//deep/b.sh", kFile, "x", "", 04755),
      entry("src/deep/link", kSymlink, "", "../a.py"),
      entry("src/hard", kHardLink, "", "src/a.py"),
  });
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(os::read_file(out() / "src/a.py").value(), "hello");
  EXPECT_EQ(os::read_file(out() / "src/hard").value(), "hello");
  EXPECT_EQ(os::read_file(out() / "src/deep/link").value(), "hello");
  // Not set-uid, whatever the archive says.
  EXPECT_EQ(fs::status(out() / "src/deep/b.sh").permissions(), fs::perms(0755));
}

TEST_F(UnpackTest, WhatWouldLeaveTheFolderIsRefused) {
  expect_refused(unpack_entries({entry("/etc/x", kFile, "x")}),
                 "the entry \"/etc/x\" would be outside of the folder");
  expect_refused(unpack_entries({entry("a/../../x", kFile, "x")}),
                 "the entry \"a/../../x\" would be outside of the folder");
  expect_refused(unpack_entries({entry("..", kFolder)}),
                 "the entry \"..\" would be outside of the folder");
  EXPECT_FALSE(fs::exists(dir_ / "in/x"));
}

TEST_F(UnpackTest, LinksThatLeadOutAreRefused) {
  for (const char* target : {"/etc", "..", "../../x", "a/../../x"}) {
    expect_refused(unpack_entries({entry("l", kSymlink, "", target)}),
                   "the entry \"l\" is a link that leads out of the folder");
  }
  expect_refused(unpack_entries({entry("d/l", kSymlink, "", "../..")}),
                 "the entry \"d/l\" is a link that leads out of the folder");
  expect_refused(unpack_entries({entry("l", kHardLink, "", "/etc/passwd")}),
                 "the entry \"l\" is a link that leads out of the folder");
  expect_refused(unpack_entries({entry("l", kHardLink, "", "not/there")}),
                 "the entry \"l\" is a link to what is no file of the archive");
}

TEST_F(UnpackTest, AChainOfLinksThatLeadsOutIsRefused) {
  expect_refused(unpack_entries({entry("a/b/c/top", kSymlink, "", "../../.."),
                                 entry("t", kSymlink, "", "a/b/c/top/..")}),
                 "the entry \"t\" is a link that leads out of the folder");
}

TEST_F(UnpackTest, NothingIsWrittenThroughALink) {
  expect_refused(unpack_entries({entry("real/", kFolder), entry("l", kSymlink, "", "real"),
                                 entry("l/x", kFile, "x")}),
                 "the entry \"l/x\" goes through a link or a file");
  expect_refused(unpack_entries({entry("f", kFile, "x"), entry("f/x", kFile, "x")}),
                 "the entry \"f/x\" goes through a link or a file");
  expect_refused(unpack_entries({entry("real/", kFolder), entry("l", kSymlink, "", "real"),
                                 entry("l/", kFolder)}),
                 "the entry \"l/\" is there already and no folder");
}

TEST_F(UnpackTest, AFileAfterALinkOfItsNameReplacesTheLink) {
  Result<> result = unpack_entries(
      {entry("a", kFile, "first"), entry("l", kSymlink, "", "a"), entry("l", kFile, "second")});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(os::read_file(out() / "a").value(), "first");
  EXPECT_EQ(os::read_file(out() / "l").value(), "second");
  EXPECT_FALSE(fs::is_symlink(out() / "l"));
}

TEST_F(UnpackTest, DevicesAndPipesAreRefused) {
  expect_refused(unpack_entries({entry("d", kDevice)}),
                 "the entry \"d\" is neither file, folder nor link");
  expect_refused(unpack_entries({entry("p", kPipe)}),
                 "the entry \"p\" is neither file, folder nor link");
}

TEST_F(UnpackTest, LimitsAreReached) {
  auto two = {entry("a", kFile, "12345"), entry("b", kFile, "12345")};
  EXPECT_TRUE(unpack_entries(two, {.entries_max = 2, .bytes_max = 10}).has_value());
  auto many = unpack_entries(two, {.entries_max = 1});
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error().code, Code::exhausted);
  auto large = unpack_entries(two, {.bytes_max = 9});
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, Code::exhausted);
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(UnpackTest, WhatIsNoArchiveOrCutOffIsRefused) {
  for (const std::string& text : {std::string("just text"), std::string("\x1f\x8b\x08 garbage"),
                                  entry("a", kFile, std::string(5000, 'x')).substr(0, 2000)}) {
    ASSERT_TRUE(os::write_file_atomic(dir_ / "x.tar", text).has_value());
    Result<> result = unpack(dir_ / "x.tar", out(), {});
    ASSERT_FALSE(result.has_value());
    EXPECT_TRUE(
        result.error().message.starts_with((dir_ / "x.tar").string() + " is no whole tar.gz: "))
        << result.error().message;
    EXPECT_FALSE(fs::exists(out()));
  }
}

TEST_F(UnpackTest, AFolderThatIsThereAlreadyIsNotTouched) {
  fs::create_directories(out());
  ASSERT_TRUE(os::write_file_atomic(out() / "mine", "x").has_value());
  ASSERT_TRUE(os::write_file_atomic(dir_ / "x.tar", entry("a", kFile, "x")).has_value());
  EXPECT_FALSE(unpack(dir_ / "x.tar", out(), {}).has_value());
  EXPECT_TRUE(fs::exists(out() / "mine"));
}

}  // namespace
}  // namespace tidegate::archive
