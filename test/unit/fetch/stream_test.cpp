// on_body, and calls beside each other.
#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "fetch/curl_client.h"
#include "unit/fetch/canned_server.h"

namespace tidegate::fetch {
namespace {

std::string reply(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

TEST(Stream, AGoodBodyIsGivenAsItComesWhateverItsSize) {
  std::string content(300'000, 'x');
  CannedServer server([&](const std::string&) { return reply("200 OK", content); });
  std::string got;
  CurlClient client;
  auto response = client.send(
      {.url = server.url() + "/", .response_max_bytes = 10, .on_body = [&](std::string_view bytes) {
         got += bytes;
         return true;
       }});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(got, content);
  EXPECT_EQ(response->body, "");
}

TEST(Stream, TheBodyOfAnErrorStaysInTheAnswer) {
  CannedServer server([](const std::string&) { return reply("410 Gone", "too old"); });
  CurlClient client;
  auto response = client.send({.url = server.url() + "/", .on_body = [](std::string_view) {
                                 ADD_FAILURE() << "given an error's body";
                                 return true;
                               }});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 410);
  EXPECT_EQ(response->body, "too old");
}

TEST(Stream, WhoHasEnoughCancels) {
  // Half of an answer that never ends.
  CannedServer server([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
  });
  CurlClient client;
  auto response =
      client.send({.url = server.url() + "/", .on_body = [](std::string_view) { return false; }});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, Code::cancelled);
}

TEST(Stream, ALongCallHoldsUpNobody) {
  CannedServer slow([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
  });
  CannedServer quick([](const std::string&) { return reply("200 OK", "x"); });
  CurlClient client;
  std::mutex mutex;
  std::condition_variable changed;
  bool is_under_way = false;
  std::atomic<bool> is_cancelled{false};
  std::thread watch([&] {
    auto response = client.send({.url = slow.url() + "/",
                                 .on_body =
                                     [&](std::string_view) {
                                       std::lock_guard lock(mutex);
                                       is_under_way = true;
                                       changed.notify_one();
                                       return true;
                                     },
                                 .is_cancelled = [&] { return is_cancelled.load(); }});
    EXPECT_EQ(response.error().code, Code::cancelled);
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return is_under_way; });
  }
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.send({.url = quick.url() + "/"}).has_value());
  EXPECT_EQ(quick.connections(), 1);
  is_cancelled = true;
  watch.join();
}

}  // namespace
}  // namespace tidegate::fetch
