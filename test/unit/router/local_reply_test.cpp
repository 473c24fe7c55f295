#include "router/local_reply.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace tidegate::router {
namespace {

std::string header_of(const http::Reply& reply, std::string_view name) {
  for (const auto& [known, value] : reply.headers) {
    if (known == name) return value;
  }
  return "";
}

const table::Version kVersion{.id = "v",
                              .name = "v1",
                              .max_queue_wait = Milliseconds(750),
                              .scoring_timeout = Milliseconds(1234),
                              .replicas = {}};
const ReplyContext kContext{.request_id = "id-1",
                            .workspace = "team",
                            .service = "diabetes",
                            .version = &kVersion,
                            .body_max_bytes = 104857600};

std::string message_of(int status, Reason reason) {
  const http::Reply reply = to_http({.status = status, .reason = reason}, kContext);
  return text_or(parse_json(reply.body, "reply").value(), "message", "");
}

TEST(LocalReply, HasItsFourMembersAndHeaders) {
  const http::Reply reply = to_http({.status = 503, .reason = Reason::queue_timeout}, kContext);
  const Json body = parse_json(reply.body, "reply").value();
  EXPECT_EQ(body.size(), 4U);
  EXPECT_EQ(body.at("code"), 503);
  EXPECT_EQ(body.at("reason"), "queue_timeout");
  EXPECT_EQ(body.at("requestId"), "id-1");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(header_of(reply, "Content-Type"), "application/json");
  EXPECT_EQ(header_of(reply, "x-request-id"), "id-1");
  EXPECT_EQ(header_of(reply, "x-tidegate-reason"), "queue_timeout");
  EXPECT_EQ(header_of(reply, "Retry-After"), "1");
}

TEST(LocalReply, SaysWhatTheProtocolWants) {
  EXPECT_EQ(header_of(to_http({.status = 401, .reason = Reason::unauthenticated}, kContext),
                      "WWW-Authenticate"),
            "Bearer");
  EXPECT_EQ(header_of(to_http({.status = 405, .reason = Reason::method_not_allowed, .allow = "GET"},
                              kContext),
                      "Allow"),
            "GET");
  EXPECT_EQ(
      header_of(to_http({.status = 404, .reason = Reason::no_route}, kContext), "Retry-After"), "");
}

TEST(LocalReply, NamesTheServiceTheSettingAndKeepsTheTextsThatClientsKnow) {
  EXPECT_TRUE(message_of(503, Reason::queue_timeout)
                  .starts_with("Too many requests for service diabetes (overloaded)"));
  EXPECT_NE(message_of(503, Reason::queue_timeout).find("maxQueueWaitMs (750 ms)"),
            std::string::npos);
  EXPECT_TRUE(
      message_of(503, Reason::no_replica).starts_with("No ready replicas for service diabetes"));
  EXPECT_TRUE(message_of(502, Reason::replica_exited)
                  .starts_with("Replica closed connection before replying"));
  EXPECT_NE(message_of(504, Reason::timed_out).find("scoringTimeoutMs (1234 ms)"),
            std::string::npos);
  EXPECT_NE(message_of(413, Reason::body_too_large).find("104857600"), std::string::npos);
  EXPECT_NE(message_of(404, Reason::unknown_service).find("diabetes in workspace team"),
            std::string::npos);
}

TEST(LocalReply, ADetailIsAppendedButNotALongOne) {
  const http::Reply reply = to_http(
      {.status = 400, .reason = Reason::bad_request, .detail = std::string(10'000, 'x')}, kContext);
  EXPECT_LT(reply.body.size(), 600U);
  EXPECT_NE(reply.body.find("(xxx"), std::string::npos);
}

TEST(LocalReply, WhatAClientWroteDoesNotBreakTheJson) {
  const http::Reply reply = to_http({.status = 404, .reason = Reason::unknown_service},
                                    {.request_id = "a\"b", .workspace = "\xff", .service = "\"\n"});
  EXPECT_TRUE(parse_json(reply.body, "reply").has_value()) << reply.body;
}

}  // namespace
}  // namespace tidegate::router
