#include "store/blobs.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "support/temp_dir.h"

namespace tidegate::store {
namespace {

// echo -n abc | sha256sum
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::size_t files_in(const os::Path& root) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    count += entry.is_regular_file() ? 1 : 0;
  }
  return count;
}

class BlobsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = BlobFolder::open(root_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    blobs_ = std::move(*opened);
  }
  StoredBlob put(std::string_view text) {
    auto writer = blobs_->begin();
    EXPECT_TRUE(writer.has_value());
    for (char c : text) EXPECT_TRUE((*writer)->append({&c, 1}).has_value());
    auto blob = (*writer)->finish();
    EXPECT_TRUE(blob.has_value());
    return std::move(*blob);
  }

  test::TempDir folder_;
  os::Path root_ = folder_ / "blobs";
  std::unique_ptr<BlobFolder> blobs_;
};

TEST_F(BlobsTest, AWriterThatIsDroppedLeavesNothing) {
  {
    auto writer = blobs_->begin();
    ASSERT_TRUE(writer.has_value());
    ASSERT_TRUE((*writer)->append("half of it").has_value());
    EXPECT_EQ(files_in(root_), 1u);
  }
  EXPECT_EQ(files_in(root_), 0u);
}

TEST_F(BlobsTest, WhatAnEarlierProcessLeftHalfWrittenGoesAtTheNextOpen) {
  ASSERT_TRUE(os::write_file_atomic(blobs_->temporary_folder() / "blob-old", "half").has_value());
  ASSERT_TRUE(BlobFolder::open(root_).has_value());
  EXPECT_EQ(files_in(root_), 0u);
}

TEST_F(BlobsTest, ContentIsFoundByItsHashAndIsReadOnly) {
  StoredBlob blob = put("abc");
  EXPECT_EQ(blob.sha256, kAbc);
  EXPECT_EQ(blob.size, 3u);
  EXPECT_TRUE(blobs_->contains(kAbc));
  EXPECT_EQ(*os::read_file(blobs_->path_of(kAbc)), "abc");
  EXPECT_EQ(blobs_->path_of(kAbc), root_ / "ba" / kAbc);
  struct stat info{};
  ASSERT_EQ(::stat(blobs_->path_of(kAbc).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0444u);
}

TEST_F(BlobsTest, SameContentIsStoredOnce) {
  put("abc");
  put("abc");
  EXPECT_EQ(files_in(root_), 1u);
  EXPECT_EQ(blobs_->list()->size(), 1u);
}

TEST_F(BlobsTest, ANameThatIsNoHashIsNotThere) {
  EXPECT_FALSE(blobs_->contains(""));
  EXPECT_FALSE(blobs_->contains("../../etc/passwd"));
  EXPECT_FALSE(blobs_->contains(std::string(64, 'A')));
  EXPECT_EQ(blobs_->size_of("../x").error().code, Code::not_found);
}

TEST_F(BlobsTest, APinnedBlobStaysAndGoesOnceUnpinned) {
  {
    StoredBlob first = put("abc");
    {
      StoredBlob second = put("abc");
    }
    ASSERT_TRUE(blobs_->remove_unless_pinned(kAbc).has_value());
    EXPECT_TRUE(blobs_->contains(kAbc));
    BlobPin moved = std::move(first.pin);
    ASSERT_TRUE(blobs_->remove_unless_pinned(kAbc).has_value());
    EXPECT_TRUE(blobs_->contains(kAbc));
  }
  ASSERT_TRUE(blobs_->remove_unless_pinned(kAbc).has_value());
  EXPECT_FALSE(blobs_->contains(kAbc));
  EXPECT_FALSE(std::filesystem::exists(root_ / "ba"));
  EXPECT_TRUE(blobs_->remove_unless_pinned(kAbc).has_value());
}

TEST_F(BlobsTest, AFullDiskIsACleanErrorAndLeavesNothing) {
  os::Path small = folder_ / "small";
  ASSERT_TRUE(os::make_directories(small).has_value());
  if (::mount("tmpfs", small.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "needs the right to mount";
  }
  {
    auto blobs = BlobFolder::open(small / "blobs");
    ASSERT_TRUE(blobs.has_value());
    auto writer = (*blobs)->begin();
    ASSERT_TRUE(writer.has_value());
    auto written = (*writer)->append(std::string(200 << 10, 'x'));
    EXPECT_FALSE(written.has_value());
    if (!written) {
      EXPECT_EQ(written.error().code, Code::exhausted);
      EXPECT_NE(written.error().message.find(small.string()), std::string::npos);
    }
    writer->reset();
    EXPECT_EQ(files_in(small), 0u);
  }
  ::umount(small.c_str());
}

}  // namespace
}  // namespace tidegate::store
