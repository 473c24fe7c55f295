#include "store/operation_log.h"

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace tidegate::store {
namespace {

class OperationLogTest : public ::testing::Test {
 protected:
  test::TempDir folder_;
  OperationLogs logs_{folder_.path()};
  WallTime time_{std::chrono::seconds(1'600'000'000)};  // 2020-09-13T12:26:40Z
};

TEST_F(OperationLogTest, AnOperationWithoutALogReadsAsEmpty) {
  EXPECT_EQ(*logs_.read("x", 0), "");
  EXPECT_TRUE(logs_.remove("x").has_value());
}

TEST_F(OperationLogTest, EachLineGetsItsTimeAndLosesControlCharacters) {
  ASSERT_TRUE(logs_.append("x", time_, "one\ntwo\r\x1b[31m").has_value());
  EXPECT_EQ(*logs_.read("x", 0), "20200913122640|one\n20200913122640|two[31m\n");
}

TEST_F(OperationLogTest, AnOffsetGivesWhatCameSince) {
  ASSERT_TRUE(logs_.append("x", time_, "one").has_value());
  std::size_t seen = logs_.read("x", 0)->size();
  ASSERT_TRUE(logs_.append("x", time_, "two").has_value());
  EXPECT_EQ(*logs_.read("x", seen), "20200913122640|two\n");
  EXPECT_EQ(*logs_.read("x", 10'000), "");
}

TEST_F(OperationLogTest, HalfALineIsNotShown) {
  ASSERT_TRUE(
      os::write_file_atomic(folder_ / "x.log", "20200913122640|one\n2020091312").has_value());
  EXPECT_EQ(*logs_.read("x", 0), "20200913122640|one\n");
}

}  // namespace
}  // namespace tidegate::store
