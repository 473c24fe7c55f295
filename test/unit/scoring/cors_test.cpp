#include "scoring/cors.h"

#include <string>

#include <gtest/gtest.h>

namespace tidegate::scoring {
namespace {

Cors make(std::vector<std::string> origins) {
  Result<Cors> cors = Cors::make(origins);
  EXPECT_TRUE(cors) << cors.error().message;
  return std::move(*cors);
}

std::string allowed(const Cors& cors, std::string_view origin) {
  http::RequestHead head;
  head.method = "POST";
  head.headers.push_back({"origin", origin});
  Cors::Headers reply;
  cors.add_headers(head, reply);
  for (const auto& [name, value] : reply) {
    if (name == "Access-Control-Allow-Origin") return value;
  }
  return "";
}

TEST(CorsTest, AnExpressionThatIsNoneIsNamed) {
  const std::vector<std::string> origins{"http://a.com", "http://(b"};
  Result<Cors> cors = Cors::make(origins);
  ASSERT_FALSE(cors);
  EXPECT_EQ(cors.error().code, Code::invalid);
  EXPECT_NE(cors.error().message.find("\"http://(b\""), std::string::npos) << cors.error().message;
}

TEST(CorsTest, AnOriginThatIsNotListedIsToldNothing) {
  const Cors cors = make({"http://a.com", R"(https://[bc]\.com)"});
  EXPECT_EQ(allowed(cors, "http://a.com"), "http://a.com");
  EXPECT_EQ(allowed(cors, "https://b.com"), "https://b.com");
  EXPECT_EQ(allowed(cors, "http://a.com.evil"), "");
  EXPECT_EQ(allowed(cors, "https://bxcom"), "");
}

// An expression that makes a backtracking matcher try 2^n ways, and one origin too long to be any.
TEST(CorsTest, WhatACallerSendsCannotKeepTheMatcherBusy) {
  const Cors cors = make({"(a+)+$"});
  EXPECT_EQ(allowed(cors, std::string(200, 'a') + "b"), "");
  EXPECT_EQ(allowed(cors, std::string(200, 'a')), std::string(200, 'a'));
  EXPECT_EQ(allowed(cors, std::string(50'000, 'a')), "");
}

TEST(CorsTest, WithoutOriginsNothingIsAdded) {
  EXPECT_EQ(allowed(Cors(), "http://a.com"), "");
  EXPECT_EQ(allowed(make({}), "http://a.com"), "");
}

}  // namespace
}  // namespace tidegate::scoring
