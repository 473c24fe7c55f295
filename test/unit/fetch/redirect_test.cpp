#include <gtest/gtest.h>

#include "fetch/curl_client.h"
#include "os/file.h"
#include "support/temp_dir.h"
#include "unit/fetch/canned_server.h"

namespace tidegate::fetch {
namespace {

std::string redirect(const std::string& location, const std::string& status = "307 Temporary") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: 4\r\nLocation: " + location + "\r\n\r\naway";
}
const std::string kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

const Headers kWhoWeAre = {
    {"authorization", "Bearer secret"}, {"Cookie", "a=b"}, {"Accept", "text/x"}};

TEST(Redirect, AnotherHostDoesNotLearnWhoWeAre) {
  std::string seen;
  CannedServer target([&](const std::string& request) {
    seen = request;
    return kHello;
  });
  CannedServer server([&](const std::string&) { return redirect(target.url() + "/blob?x=1"); });
  CurlClient client;
  auto response = client.send({.url = server.url() + "/", .headers = kWhoWeAre});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body, "hello");
  EXPECT_TRUE(seen.starts_with("GET /blob?x=1 HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("Accept: text/x"), std::string::npos);
  EXPECT_EQ(seen.find("secret"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("Cookie"), std::string::npos) << seen;
}

TEST(Redirect, TheSameHostIsToldWhoWeAreAgain) {
  std::string seen;
  CannedServer server([&](const std::string& request) {
    seen = request;
    return request.starts_with("GET /a ") ? redirect("../b", "301 Moved") : kHello;
  });
  CurlClient client;
  auto response = client.send({.url = server.url() + "/a", .headers = kWhoWeAre});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_TRUE(seen.starts_with("GET /b ")) << seen;
  EXPECT_NE(seen.find("secret"), std::string::npos);
}

TEST(Redirect, FiveAreFollowedAndNotSix) {
  int asked = 0;
  int last = 5;
  CannedServer server([&](const std::string&) {
    return asked++ < last ? redirect("/" + std::to_string(asked)) : kHello;
  });
  CurlClient client;
  EXPECT_TRUE(client.send({.url = server.url() + "/0"}).has_value());
  asked = 0;
  last = 6;
  auto response = client.send({.url = server.url() + "/0"});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, Code::unavailable);
  EXPECT_EQ(response.error().message, server.url() + " redirects more than 5 times");
  EXPECT_EQ(asked, 6);
}

TEST(Redirect, OnlyReadingIsFollowed) {
  CannedServer server([](const std::string&) { return redirect("/b"); });
  CurlClient client;
  auto posted = client.send({.method = "POST", .url = server.url() + "/", .body = "x"});
  ASSERT_TRUE(posted.has_value());
  EXPECT_EQ(posted->status, 307);
  auto unwanted = client.send({.url = server.url() + "/", .redirects_max = 0});
  ASSERT_TRUE(unwanted.has_value());
  EXPECT_EQ(unwanted->status, 307);
  EXPECT_EQ(unwanted->body, "away");
}

TEST(Redirect, NothingButHttpIsFollowed) {
  CannedServer server([](const std::string&) { return redirect("file:///etc/passwd"); });
  CurlClient client;
  auto response = client.send({.url = server.url() + "/"});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, Code::invalid);
}

TEST(Redirect, OnlyTheLastAnswerIsInTheFile) {
  test::TempDir dir;
  CannedServer server([](const std::string& request) {
    return request.starts_with("GET /a ") ? redirect("/b") : kHello;
  });
  CurlClient client;
  auto response = client.send({.url = server.url() + "/a", .response_file = dir / "f"});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(os::read_file(dir / "f").value(), "hello");
}

}  // namespace
}  // namespace tidegate::fetch
