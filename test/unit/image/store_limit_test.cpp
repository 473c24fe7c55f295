#include "image/store_limit.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <gtest/gtest.h>

#include "os/file_lock.h"
#include "support/temp_dir.h"

namespace tidegate::image {
namespace {

namespace fs = std::filesystem;

// buildah, as far as it removes all images of a store.
class FakeBuildah final : public os::CommandRunner {
 public:
  Result<os::ExitStatus> run(const os::Command& command, const LineSink&) override {
    const auto& words = command.argv;
    if (words.back() == "--version") return os::ExitStatus{};  // it can be confined
    auto buildah = std::ranges::find(words, "buildah");
    EXPECT_EQ(words.front(), "unshare");
    EXPECT_EQ(words.end() - buildah, 8);
    EXPECT_EQ(buildah[5] + " " + buildah[6], "rmi --all");
    fs::remove_all(buildah[2]);
    return os::ExitStatus{};
  }
};

class StoreLimitTest : public ::testing::Test {
 protected:
  void root(const std::string& name, int hours_old) {
    for (const char* file : {"buildah/store/base", "uv-cache/wheel"}) {
      os::Path path = folder_ / name / file;
      ASSERT_TRUE(os::make_directories(path.parent_path()).has_value());
      ASSERT_TRUE(os::write_file_quick(path, std::string(500, 'x')).has_value());
    }
    ASSERT_TRUE(os::make_directories(folder_ / name / "builds").has_value());
    fs::last_write_time(folder_ / name / "builds",
                        fs::file_time_type::clock::now() - std::chrono::hours(hours_old));
  }
  bool is_full(const std::string& name) const {
    return fs::exists(folder_ / name / "buildah/store/base") &&
           fs::exists(folder_ / name / "uv-cache/wheel");
  }
  std::uint64_t limit(std::uint64_t max_bytes) {
    auto removed = limit_stores(folder_.path(), max_bytes, buildah_);
    EXPECT_TRUE(removed.has_value()) << removed.error().message;
    return removed.value_or(0);
  }
  test::TempDir folder_;
  FakeBuildah buildah_;
};

TEST_F(StoreLimitTest, WhatWasUsedLongestAgoGoesFirst) {
  root("new", 1);
  root("old", 9);
  root("middle", 5);
  EXPECT_EQ(limit(3'000), 0u);
  EXPECT_TRUE(is_full("old"));
  EXPECT_EQ(limit(2'000), 1'000u);
  EXPECT_FALSE(is_full("old"));
  EXPECT_TRUE(is_full("middle") && is_full("new"));
  EXPECT_EQ(limit(0), 2'000u);
}

TEST_F(StoreLimitTest, WhereSomebodyBuildsEverythingStays) {
  root("building", 9);
  root("idle", 1);
  auto build = os::FileLock::try_take(folder_ / "building" / "builds.lock");
  ASSERT_TRUE(build.has_value() && build->has_value());
  EXPECT_EQ(limit(0), 1'000u);
  EXPECT_TRUE(is_full("building"));
  EXPECT_FALSE(is_full("idle"));
}

TEST_F(StoreLimitTest, OfTargetsThatAreNoMoreNothingStays) {
  root("default.attached", 9);
  root("default.detached", 1);
  root("default.building", 1);
  auto build = os::FileLock::try_take(folder_ / "default.building" / "builds.lock");
  ASSERT_TRUE(build.has_value() && build->has_value());
  auto removed =
      remove_unused_stores(folder_.path(), {store_name("default", "attached")}, buildah_);
  ASSERT_TRUE(removed.has_value()) << removed.error().message;
  EXPECT_EQ(*removed, std::vector<std::string>{"default.detached"});
  EXPECT_TRUE(is_full("default.attached") && is_full("default.building"));
  EXPECT_FALSE(fs::exists(folder_ / "default.detached"));
}

TEST_F(StoreLimitTest, WithoutAnyTargetThereIsNothingToDo) {
  auto removed = limit_stores(folder_ / "nowhere", 0, buildah_);
  ASSERT_TRUE(removed.has_value());
  EXPECT_EQ(*removed, 0u);
  EXPECT_EQ(remove_unused_stores(folder_ / "nowhere", {}, buildah_).value().size(), 0u);
}

}  // namespace
}  // namespace tidegate::image
