// Messages, header names and log lines: the texts that others read.
#include <gtest/gtest.h>

#include "scoring/access_log.h"
#include "scoring/messages.h"
#include "scoring/script_headers.h"
#include "support/sim.h"

namespace tidegate::scoring {
namespace {

HeaderList headers_of(std::vector<http::HeaderView> headers) {
  http::RequestHead head;
  head.headers = std::move(headers);
  return script_headers(head);
}

TEST(MessageBodyTest, IsWhatPythonWouldWrite) {
  EXPECT_EQ(message_body("a \"b\" \n \xc3\xa4"), R"({"message": "a \"b\" \n \u00e4"})");
}

TEST(MessageBodyTest, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(message_body("\xff"), R"({"message": "\ufffd"})");
}

TEST(ScriptHeadersTest, NamesAreTitleCased) {
  EXPECT_EQ(headers_of({{"x-ms-request-id", "1"}, {"CONTENT-TYPE", "a"}, {"x-1ab", "2"}}),
            (HeaderList{{"X-Ms-Request-Id", "1"}, {"Content-Type", "a"}, {"X-1Ab", "2"}}));
}

TEST(ScriptHeadersTest, RepeatedNamesAreJoined) {
  EXPECT_EQ(headers_of({{"x-a", "1"}, {"x-b", "2"}, {"X-A", "3"}}),
            (HeaderList{{"X-A", "1,3"}, {"X-B", "2"}}));
}

TEST(ScriptHeadersTest, UnderscoresCannotPassForHyphens) {
  EXPECT_EQ(headers_of({{"x_a", "1"}}), HeaderList{});
}

class AccessLogTest : public testing::Test {
 protected:
  std::string line(AccessLog::Entry entry) {
    std::string text(log_.format_for_test(entry));
    return text.substr(text.find("] ") + 2);
  }
  test::SimClock clock_;
  AccessLog log_{-1, clock_};
};

TEST_F(AccessLogTest, HasTheFormOfThePlatformsServer) {
  clock_.advance(std::chrono::milliseconds(7));
  const std::string text(log_.format_for_test({.method = "POST",
                                               .target = "/score?a=b",
                                               .request_id = "abc",
                                               .status = 200,
                                               .duration = std::chrono::microseconds(1234),
                                               .length = 15}));
  // 1'700'000'000 s and one hour, the clock's beginning.
  EXPECT_EQ(text, "2023-11-14 23:13:20,007 I [" + std::to_string(::getpid()) +
                      "] azmlinfsrv [abc] - POST /score?a=b 200 1.234ms 15");
}

TEST_F(AccessLogTest, TheSecondMovesOn) {
  log_.format_for_test({});
  clock_.advance(std::chrono::seconds(41));
  EXPECT_TRUE(log_.format_for_test({}).starts_with("2023-11-14 23:14:01,000 I "));
}

TEST_F(AccessLogTest, ClientsCannotForgeLines) {
  EXPECT_EQ(line({.method = "GET", .target = "/score\nx\x1b\xff", .request_id = "a\rb"}),
            "azmlinfsrv [a\\x0db] - GET /score\\x0ax\\x1b\\xff 0 0.000ms 0");
}

TEST_F(AccessLogTest, LongTargetsAreCut) {
  EXPECT_LT(line({.method = "GET", .target = std::string(60'000, 'a')}).size(), 3'000U);
}

}  // namespace
}  // namespace tidegate::scoring
