#include "table/message.h"

#include <gtest/gtest.h>

#include "sample_table.h"

namespace tidegate::table {
namespace {

std::string length_prefix(std::uint32_t length) {
  std::string bytes;
  for (int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>((length >> shift) & 0xff));
  return bytes;
}

TEST(Unframer, AMessageThatIsTooLongIsAnErrorBeforeItArrives) {
  Unframer<FromRouter> unframer;
  FromRouter message;
  unframer.feed(length_prefix((64U << 20) + 1));
  EXPECT_EQ(unframer.next(message).error().code, Code::invalid);
}

TEST(Unframer, GarbageInAFrameIsAnError) {
  for (std::string content :
       {std::string(), std::string("\xff\xff\xff"), std::string("\x22\x01x")}) {
    Unframer<FromRouter> from_router;
    Unframer<FromControl> from_control;
    FromRouter router_message;
    FromControl control_message;
    std::string bytes = length_prefix(static_cast<std::uint32_t>(content.size())) + content;
    from_router.feed(bytes);
    from_control.feed(bytes);
    EXPECT_FALSE(from_router.next(router_message).has_value());
    EXPECT_FALSE(from_control.next(control_message).has_value());
  }
}

TEST(Unframer, ATableThatNoRouterCouldUseIsAnError) {
  Table table = sample_table();
  table.services[0].versions[0].id.clear();
  Unframer<FromControl> unframer;
  FromControl message;
  unframer.feed(frame(FromControl(table)));
  EXPECT_FALSE(unframer.next(message).has_value());
}

TEST(Unframer, PiecesOfOneByteGiveTheSameMessages) {
  std::string bytes = frame(FromRouter(Hello{.router_id = "r", .pid = 77, .table_version = 3})) +
                      frame(FromRouter(Applied{.table_version = 1ULL << 40})) +
                      frame(FromRouter(Drained{.replica_ids = {}})) +
                      frame(FromRouter(Drained{.replica_ids = {"a", "b"}}));
  Unframer<FromRouter> unframer;
  std::vector<FromRouter> messages;
  for (char byte : bytes) {
    unframer.feed(std::string_view(&byte, 1));
    FromRouter message;
    Result<bool> more = unframer.next(message);
    ASSERT_TRUE(more.has_value());
    if (*more) messages.push_back(std::move(message));
  }
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(std::get<Hello>(messages[0]).router_id, "r");
  EXPECT_EQ(std::get<Hello>(messages[0]).pid, 77U);
  EXPECT_EQ(std::get<Hello>(messages[0]).table_version, 3U);
  EXPECT_EQ(std::get<Applied>(messages[1]).table_version, 1ULL << 40);
  EXPECT_TRUE(std::get<Drained>(messages[2]).replica_ids.empty());
  EXPECT_EQ(std::get<Drained>(messages[3]).replica_ids, (std::vector<std::string>{"a", "b"}));
}

TEST(Unframer, SeveralMessagesInOnePieceComeOneByOne) {
  Unframer<FromControl> unframer;
  std::string bytes = frame(FromControl(sample_table())) + frame(FromControl(Table{.version = 43}));
  unframer.feed(bytes.substr(0, bytes.size() - 1));
  FromControl message;
  EXPECT_TRUE(*unframer.next(message));
  EXPECT_EQ(std::get<Table>(message), sample_table());
  EXPECT_FALSE(*unframer.next(message));
  unframer.feed(bytes.substr(bytes.size() - 1));
  EXPECT_TRUE(*unframer.next(message));
  EXPECT_EQ(std::get<Table>(message).version, 43U);
}

}  // namespace
}  // namespace tidegate::table
