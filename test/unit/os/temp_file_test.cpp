#include "os/temp_file.h"

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace tidegate::os {
namespace {

TEST(TempFile, HasNoNameAndReadsBackWhatWasAppended) {
  test::TempDir folder;
  auto file = TempFile::create(folder.path());
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(file->append("hello ").has_value());
  ASSERT_TRUE(file->append("world").has_value());
  EXPECT_EQ(file->size(), 11U);
  char text[32] = {};
  EXPECT_EQ(*file->read_at(6, text, sizeof text), 5U);
  EXPECT_STREQ(text, "world");
  EXPECT_EQ(*file->read_at(11, text, sizeof text), 0U);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(TempFile, MissingFolderIsAnError) {
  EXPECT_FALSE(TempFile::create("/no/such/folder").has_value());
}

}  // namespace
}  // namespace tidegate::os
