#include "fetch/curl_client.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "support/temp_dir.h"
#include "unit/fetch/canned_server.h"

namespace tidegate::fetch {
namespace {

std::string reply(const std::string& status, const std::string& body,
                  const std::string& headers = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

TEST(CurlClient, SendsWhatIsAskedAndGivesWhatCame) {
  std::string seen;
  CannedServer server([&](const std::string& request) {
    seen = request;
    return reply("202 Accepted", "{\"a\":1}", "Operation-Location:  /x/1 \r\nX-Empty:\r\n");
  });
  CurlClient client;
  auto response =
      client.send({.method = "POST",
                   .url = server.url() + "/a%20b?c=d",
                   .headers = {{"Authorization", "Bearer t"}, {"Content-Type", "application/json"}},
                   .body = "{}"});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 202);
  EXPECT_EQ(response->body, "{\"a\":1}");
  EXPECT_EQ(response->header("operation-location"), "/x/1");
  EXPECT_EQ(response->header("x-empty"), "");
  EXPECT_TRUE(seen.starts_with("POST /a%20b?c=d HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("\r\nAuthorization: Bearer t\r\n"), std::string::npos);
  EXPECT_TRUE(seen.ends_with("\r\n\r\n{}"));
  EXPECT_EQ(seen.find("Expect"), std::string::npos);
}

TEST(CurlClient, AnErrorStatusIsAnAnswer) {
  CannedServer server([](const std::string&) { return reply("404 Not Found", "gone"); });
  CurlClient client;
  auto response = client.send({.url = server.url() + "/"});
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 404);
  EXPECT_FALSE(response->ok());
  EXPECT_EQ(response->body, "gone");
}

TEST(CurlClient, TheConnectionIsKeptBetweenCalls) {
  CannedServer server([](const std::string&) { return reply("200 OK", "x"); });
  CurlClient client;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.send({.url = server.url() + "/"}).has_value());
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlClient, AnEmptyPutSaysItsLength) {
  std::string seen;
  CannedServer server([&](const std::string& request) {
    seen = request;
    return reply("201 Created", "");
  });
  CurlClient client;
  ASSERT_TRUE(client.send({.method = "PUT", .url = server.url() + "/"}).has_value());
  EXPECT_TRUE(seen.starts_with("PUT / HTTP/1.1\r\n"));
  EXPECT_NE(seen.find("\r\nContent-Length: 0\r\n"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("Content-Type"), std::string::npos);
}

TEST(CurlClient, HeadAndDeleteHaveNoBody) {
  std::string seen;
  CannedServer server([&](const std::string& request) {
    seen += request.substr(0, request.find(' ')) + " ";
    return request.starts_with("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n"
                                       : reply("204 No Content", "");
  });
  CurlClient client;
  auto head = client.send({.method = "HEAD", .url = server.url() + "/"});
  ASSERT_TRUE(head.has_value()) << head.error().message;
  EXPECT_EQ(head->header("Content-Length"), "77");
  EXPECT_EQ(client.send({.method = "DELETE", .url = server.url() + "/"})->status, 204);
  EXPECT_EQ(seen, "HEAD DELETE ");
}

TEST(CurlClient, AFileIsStreamedWithProgress) {
  test::TempDir dir;
  std::string content(3'000'000, 'x');
  ASSERT_TRUE(os::write_file_atomic(dir / "blob", content).has_value());
  std::string seen;
  CannedServer server([&](const std::string& request) {
    seen = request;
    return reply("201 Created", "");
  });
  std::uint64_t last = 0;
  std::uint64_t all = 0;
  CurlClient client;
  auto response = client.send({.method = "PUT",
                               .url = server.url() + "/blob",
                               .body_file = dir / "blob",
                               .on_progress = [&](std::uint64_t sent, std::uint64_t total) {
                                 EXPECT_GE(sent, last);
                                 last = sent;
                                 all = total;
                               }});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(last, content.size());
  EXPECT_EQ(all, content.size());
  EXPECT_NE(seen.find("\r\nContent-Length: 3000000\r\n"), std::string::npos);
  EXPECT_EQ(seen.substr(seen.find("\r\n\r\n") + 4), content);
}

TEST(CurlClient, AnAnswerCanGoToAFileAndAnErrorStaysReadable) {
  test::TempDir dir;
  CannedServer server([](const std::string& request) {
    return request.starts_with("GET /good") ? reply("200 OK", "content") : reply("500 Oops", "why");
  });
  CurlClient client;
  auto good = client.send({.url = server.url() + "/good", .response_file = dir / "f"});
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->body, "");
  EXPECT_EQ(os::read_file(dir / "f").value(), "content");
  auto bad = client.send({.url = server.url() + "/bad", .response_file = dir / "g"});
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(bad->body, "why");
  EXPECT_FALSE(std::filesystem::exists(dir / "g"));
}

TEST(CurlClient, WorksOverAUnixSocketOfAnyPathLength) {
  test::TempDir dir;
  for (const std::string& folder : {std::string("s"), std::string(150, 'l')}) {
    std::filesystem::create_directories(dir / folder);
    CannedServer server(dir / folder / "api.sock",
                        [](const std::string&) { return reply("200 OK", "hi"); });
    CurlClient client;
    auto response =
        client.send({.url = "http://localhost/", .unix_socket = dir / folder / "api.sock"});
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "hi");
  }
}

TEST(CurlClient, WhereNothingListensIsSaidSo) {
  test::TempDir dir;
  CurlClient client;
  auto socket = client.send({.url = "http://localhost/", .unix_socket = dir / "api.sock"});
  ASSERT_FALSE(socket.has_value());
  EXPECT_EQ(socket.error().code, Code::unavailable);
  EXPECT_EQ(socket.error().message, "nothing listens at " + (dir / "api.sock").string());

  std::string url;
  {
    CannedServer server([](const std::string&) { return std::string(); });
    url = server.url();
  }
  auto tcp = client.send({.url = url + "/a/b"});
  ASSERT_FALSE(tcp.has_value());
  EXPECT_EQ(tcp.error().message, "nothing listens at " + url);
}

TEST(CurlClient, AConnectionThatBreaksIsUnavailable) {
  CannedServer server([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
  });
  // The server waits for the next request; the call ends by its time limit with half an answer.
  CurlClient client;
  auto half = client.send({.url = server.url() + "/", .timeout = Milliseconds(200)});
  ASSERT_FALSE(half.has_value());
  EXPECT_EQ(half.error().code, Code::timed_out);
  EXPECT_TRUE(half.error().message.starts_with("no answer from " + server.url() + " in time ("));

  CannedServer closing([](const std::string&) { return std::string(); });
  auto closed = client.send({.url = closing.url() + "/"});
  ASSERT_FALSE(closed.has_value());
  EXPECT_EQ(closed.error().code, Code::unavailable);
  EXPECT_TRUE(closed.error().message.starts_with("the call to " + closing.url() + " broke off: "))
      << closed.error().message;
}

TEST(CurlClient, AnAnswerThatIsTooLargeIsCutOff) {
  CannedServer server([](const std::string&) { return reply("200 OK", std::string(2000, 'x')); });
  CurlClient client;
  EXPECT_TRUE(client.send({.url = server.url() + "/", .response_max_bytes = 2000}).has_value());
  auto large = client.send({.url = server.url() + "/", .response_max_bytes = 1999});
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, Code::exhausted);
}

TEST(CurlClient, ACallCanBeCancelled) {
  CannedServer server([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  });
  CurlClient client;
  auto response = client.send({.url = server.url() + "/", .is_cancelled = [] { return true; }});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, Code::cancelled);
}

TEST(CurlClient, FilesAndUrlsThatAreNotThereAreNamed) {
  CurlClient client;
  auto file =
      client.send({.method = "PUT", .url = "http://127.0.0.1:1/", .body_file = "/no/such/file"});
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().message, "cannot read /no/such/file: No such file or directory");
  auto url = client.send({.url = "ftp://x/"});
  ASSERT_FALSE(url.has_value());
  EXPECT_EQ(url.error().code, Code::invalid);
}

TEST(CurlClient, AProxyOfTheEnvironmentIsNotAskedForThisMachine) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  CannedServer server([](const std::string&) { return reply("200 OK", "x"); });
  CurlClient client;
  auto response = client.send({.url = server.url() + "/"});
  ::unsetenv("http_proxy");
  EXPECT_TRUE(response.has_value()) << response.error().message;
}

}  // namespace
}  // namespace tidegate::fetch
