#include "oci/auth.h"

#include <gtest/gtest.h>

#include "fetch/curl_client.h"
#include "oci/registry.h"
#include "unit/fetch/canned_server.h"

namespace tidegate::oci {
namespace {

std::string reply(const std::string& status, const std::string& body,
                  const std::string& headers = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

TEST(Challenge, ItsParametersAreReadWhateverTheSpelling) {
  auto challenge = parse_challenge(
      "bEARER realm=\"https://auth.example.com/token\" , "
      "Service=reg,scope=\"repository:a:pull,push "
      "b\",odd=\"a\\\"b\"");
  ASSERT_TRUE(challenge.has_value());
  EXPECT_EQ(challenge->scheme, "bearer");
  EXPECT_EQ(challenge->parameters["realm"], "https://auth.example.com/token");
  EXPECT_EQ(challenge->parameters["service"], "reg");
  EXPECT_EQ(challenge->parameters["scope"], "repository:a:pull,push b");
  EXPECT_EQ(challenge->parameters["odd"], "a\"b");
  EXPECT_EQ(parse_challenge("Basic")->scheme, "basic");
  EXPECT_EQ(parse_challenge(" "), std::nullopt);
  for (const char* odd :
       {"Bearer realm=\"", "Bearer =", "Bearer realm", "Bearer realm=\"a\\", ",,"})
    (void)parse_challenge(odd);
}

// A registry and its token server in one: takes only the token that it gave last.
struct TokenRegistry {
  int tokens = 0;
  std::vector<std::string> token_calls;
  std::string refusal;  // the status line of the token server, unless empty
  fetch::CannedServer server{[this](const std::string& request) { return answer(request); }};

  std::string host() const { return server.url().substr(7); }
  std::string answer(const std::string& request) {
    if (request.starts_with("GET /token")) {
      token_calls.push_back(request);
      if (!refusal.empty()) return reply(refusal, "");
      return reply("200 OK", "{\"token\": \"t" + std::to_string(++tokens) + "\"}");
    }
    if (request.find("Authorization: Bearer t" + std::to_string(tokens) + "\r\n") !=
        std::string::npos)
      return reply("200 OK", "{}");
    return reply("401 Unauthorized", "",
                 "WWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: Bearer realm=\"" +
                     server.url() + "/token\",service=\"reg\",scope=\"repository:a/b:pull\"\r\n");
  }
};

TEST(TokenLogin, ATokenIsFetchedOnceForAScopeAndAgainWhenItIsRefused) {
  TokenRegistry fake;
  fetch::CurlClient http;
  Registry registry({.address = fake.host(),
                     .is_plain_http = true,
                     .user = "ann",
                     .password = Secret("open sesame")},
                    http);
  for (int i = 0; i < 3; ++i) {
    auto there = registry.has_blob("a/b", "sha256:0");
    ASSERT_TRUE(there.has_value()) << there.error().message;
  }
  ASSERT_EQ(fake.token_calls.size(), 1U);
  EXPECT_TRUE(fake.token_calls[0].starts_with(
      "GET /token?service=reg&scope=repository%3Aa%2Fb%3Apull HTTP/1.1\r\n"))
      << fake.token_calls[0];
  EXPECT_NE(fake.token_calls[0].find("Authorization: Basic YW5uOm9wZW4gc2VzYW1l\r\n"),
            std::string::npos);
  fake.tokens = 7;  // what was given is good no more
  EXPECT_TRUE(registry.has_blob("a/b", "sha256:0").value());
  EXPECT_EQ(fake.token_calls.size(), 2U);
}

TEST(TokenLogin, AnAnonymousCallerAsksForATokenWithoutAPassword) {
  TokenRegistry fake;
  fetch::CurlClient http;
  Registry registry({.address = fake.host(), .is_plain_http = true}, http);
  EXPECT_TRUE(registry.has_blob("a/b", "sha256:0").value());
  EXPECT_EQ(fake.token_calls.at(0).find("Authorization"), std::string::npos);
}

TEST(TokenLogin, ARefusalNamesTheUserAndTheTokenServerButNotThePassword) {
  TokenRegistry fake;
  fake.refusal = "401 Unauthorized";
  fetch::CurlClient http;
  Registry registry({.address = fake.host(),
                     .is_plain_http = true,
                     .user = "ann",
                     .password = Secret("open sesame")},
                    http);
  Error error = registry.has_blob("a/b", "sha256:0").error();
  EXPECT_EQ(error.code, Code::unauthenticated);
  EXPECT_NE(error.message.find("/token answered 401 to the user ann"), std::string::npos)
      << error.message;
  EXPECT_EQ(error.message.find("sesame"), std::string::npos);
  fake.refusal = "503 Busy";
  EXPECT_EQ(registry.has_blob("a/b", "sha256:0").error().code, Code::unavailable);
}

TEST(TokenLogin, APasswordIsNotSentInTheClearForARegistryOfHttps) {
  int sent = 0;
  Auth auth("https://registry.example.com", "ann", Secret("p"),
            [&](fetch::Request) -> Result<fetch::Response> {
              ++sent;
              return fetch::Response{.status = 200, .body = "{\"token\": \"t\"}"};
            });
  auto refusal = [](const std::string& realm) {
    return fetch::Response{.status = 401,
                           .headers = {{"www-authenticate", "Bearer realm=\"" + realm + "\""}}};
  };
  auto answered = auth.answer(refusal("http://other.example.com/token"), "s", std::nullopt);
  EXPECT_EQ(answered.error().code, Code::forbidden);
  EXPECT_FALSE(auth.answer(refusal("file:///etc/passwd"), "s", std::nullopt).has_value());
  EXPECT_EQ(sent, 0);
  EXPECT_TRUE(auth.answer(refusal("https://other.example.com/token"), "s", std::nullopt).value());
  EXPECT_EQ(auth.header_for("s"), "Bearer t");
}

}  // namespace
}  // namespace tidegate::oci
