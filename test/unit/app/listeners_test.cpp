#include "app/listeners.h"

#include <gtest/gtest.h>

#include "http/listen.h"
#include "support/temp_dir.h"

namespace tidegate::app {
namespace {

ListenRequest any_port(unsigned cores) {
  return {.scoring = {.kind = http::Address::Kind::tcp, .host = "127.0.0.1", .port = 0, .path = {}},
          .api_tcp = {},
          .cores = cores};
}

DataDir data_in(const test::TempDir& folder) {
  DataDir data{folder.path()};
  std::filesystem::create_directories(data.run());
  return data;
}

TEST(Listeners, OnePerCoreOnOnePort) {
  test::TempDir folder;
  auto opened = open_listeners(data_in(folder), any_port(3));
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  EXPECT_EQ(opened->scoring.size(), 3U);
  EXPECT_NE(opened->scoring_address.port, 0);
  for (const auto& fd : opened->scoring) {
    EXPECT_EQ(http::local_address(fd.get())->port, opened->scoring_address.port);
  }
  EXPECT_EQ(opened->api.size(), 1U);
}

TEST(Listeners, TakenPortIsAConflictThatNamesTheFlag) {
  test::TempDir folder;
  auto first = open_listeners(data_in(folder), any_port(1));
  ASSERT_TRUE(first.has_value());
  test::TempDir other;
  ListenRequest same = any_port(1);
  same.scoring = first->scoring_address;
  auto second = open_listeners(data_in(other), same);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_NE(second.error().message.find("--listen"), std::string::npos);
}

}  // namespace
}  // namespace tidegate::app
