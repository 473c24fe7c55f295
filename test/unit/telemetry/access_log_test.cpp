#include "telemetry/access_log.h"

#include <fcntl.h>

#include <cstdlib>

#include <gtest/gtest.h>

namespace tidegate::telemetry {
namespace {

class AccessLogFile : public ::testing::Test {
 protected:
  AccessLogFile() {
    std::string name = ::testing::TempDir() + "access_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~AccessLogFile() override { EXPECT_TRUE(os::remove_tree(folder_).has_value()); }

  os::Path folder_;
};

TEST_F(AccessLogFile, APathThatCannotBeWrittenIsAnErrorThatNamesIt) {
  Result<AccessLog> log = AccessLog::open({.path = folder_ / "none" / "access.log"});
  ASSERT_FALSE(log.has_value());
  EXPECT_NE(log.error().message.find("none/access.log"), std::string::npos);
}

TEST_F(AccessLogFile, WithoutAPathLinesAreDropped) {
  AccessLog log = AccessLog::open({}).value();
  EXPECT_TRUE(log.write("line\n").has_value());
}

TEST_F(AccessLogFile, GoesOnAtTheEndOfAnOlderFile) {
  const AccessLogOptions options{.path = folder_ / "access.log"};
  ASSERT_TRUE(AccessLog::open(options).value().write("one\n").has_value());
  ASSERT_TRUE(AccessLog::open(options).value().write("two\n").has_value());
  EXPECT_EQ(os::read_file(options.path).value(), "one\ntwo\n");
}

TEST_F(AccessLogFile, ADescriptorGetsAllAndIsNeverRotated) {
  const os::Path path = folder_ / "out";
  const os::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  AccessLog log = AccessLog::open({.fd = fd.get(), .size_max_bytes = 4}).value();
  EXPECT_TRUE(log.is_kept());
  ASSERT_TRUE(log.write("123456\n").has_value());
  ASSERT_TRUE(log.write("789\n").has_value());
  EXPECT_EQ(os::read_file(path).value(), "123456\n789\n");
}

TEST_F(AccessLogFile, KeepsOneOlderFileWhenItIsFull) {
  const AccessLogOptions options{.path = folder_ / "access.log", .size_max_bytes = 10};
  AccessLog log = AccessLog::open(options).value();
  for (const char* line : {"11111\n", "22222\n", "33333\n", "44\n"}) {
    ASSERT_TRUE(log.write(line).has_value());
  }
  EXPECT_EQ(os::read_file(options.path).value(), "33333\n44\n");
  EXPECT_EQ(os::read_file(folder_ / "access.log.1").value(), "22222\n");
}

TEST_F(AccessLogFile, ABatchLargerThanTheLimitIsWrittenWhole) {
  const AccessLogOptions options{.path = folder_ / "access.log", .size_max_bytes = 4};
  AccessLog log = AccessLog::open(options).value();
  ASSERT_TRUE(log.write("123456\n").has_value());
  EXPECT_EQ(os::read_file(options.path).value(), "123456\n");
}

}  // namespace
}  // namespace tidegate::telemetry
