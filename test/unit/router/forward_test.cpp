#include "router/forward.h"

#include <gtest/gtest.h>

#include "router/request_id.h"
#include "support/sim.h"

namespace tidegate::router {
namespace {

http::RequestHead head_with(std::string_view method, std::vector<http::HeaderView> headers) {
  http::RequestHead head;
  head.method = method;
  head.target = "/api/v1/service/x/score?a=1";
  head.headers = std::move(headers);
  return head;
}

const ForwardedRequest kForwarded{
    .path = "/score", .request_id = "id-1", .peer = "10.0.0.7:1234", .body_size = 12};

TEST(Forward, AWholeRequestHead) {
  EXPECT_EQ(request_head_for_replica(head_with("POST", {{"host", "example.com"},
                                                        {"Authorization", "Bearer k"},
                                                        {"x-ms-client-request-id", "c"}}),
                                     kForwarded),
            "POST /score?a=1 HTTP/1.1\r\n"
            "host: example.com\r\n"
            "Authorization: Bearer k\r\n"
            "x-ms-client-request-id: c\r\n"
            "x-request-id: id-1\r\n"
            "X-Forwarded-For: 10.0.0.7\r\n"
            "Content-Length: 12\r\n\r\n");
}

TEST(Forward, WhatIsMeantForThisConnectionStaysHere) {
  EXPECT_EQ(request_head_for_replica(head_with("POST", {{"Host", "h"},
                                                        {"Connection", "keep-alive , X-Mine"},
                                                        {"x-mine", "1"},
                                                        {"Keep-Alive", "timeout=5"},
                                                        {"Transfer-Encoding", "chunked"},
                                                        {"TE", "trailers"},
                                                        {"Upgrade", "h2c"},
                                                        {"Expect", "100-continue"},
                                                        {"content-length", "99"},
                                                        {"X-Request-Id", "theirs"}}),
                                     kForwarded),
            "POST /score?a=1 HTTP/1.1\r\nHost: h\r\nx-request-id: id-1\r\n"
            "X-Forwarded-For: 10.0.0.7\r\nContent-Length: 12\r\n\r\n");
}

TEST(Forward, AddressesAreAppendedToThoseThatAreThere) {
  const std::string head = request_head_for_replica(
      head_with(
          "GET",
          {{"Host", "h"}, {"X-Forwarded-For", "1.1.1.1, 2.2.2.2"}, {"x-forwarded-for", "3.3.3.3"}}),
      {.path = "/", .request_id = "i", .peer = "[::1]:80", .body_size = 0});
  EXPECT_EQ(head,
            "GET /?a=1 HTTP/1.1\r\nHost: h\r\nx-request-id: i\r\n"
            "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, ::1\r\n\r\n");
}

TEST(Forward, AnEmptyPostHasALengthAndAUnixPeerNoAddress) {
  EXPECT_EQ(
      request_head_for_replica(
          head_with("POST", {}),
          {.path = "/score", .request_id = "i", .peer = "unix", .body_size = 0}),
      "POST /score?a=1 HTTP/1.1\r\nHost: replica\r\nx-request-id: i\r\nContent-Length: 0\r\n\r\n");
}

TEST(Forward, TheReplicaSeesTheServicesSecretAndNeverTheClients) {
  for (std::string_view name : {"x-tidegate-replica-secret", "X-Tidegate-Replica-Secret"}) {
    ForwardedRequest forwarded = kForwarded;
    const auto head = head_with("GET", {{"Host", "h"}, {name, "theirs"}, {name, "again"}});
    EXPECT_EQ(request_head_for_replica(head, forwarded).find("eplica-"), std::string::npos);
    forwarded.replica_secret = "ours";
    EXPECT_EQ(request_head_for_replica(head, forwarded),
              "GET /score?a=1 HTTP/1.1\r\nHost: h\r\nx-request-id: id-1\r\n"
              "X-Forwarded-For: 10.0.0.7\r\nx-tidegate-replica-secret: ours\r\n"
              "Content-Length: 12\r\n\r\n");
  }
}

// A Connection header that lists it takes the client's off, not ours.
TEST(Forward, AClientCannotHaveTheSecretTakenOff) {
  ForwardedRequest forwarded = kForwarded;
  forwarded.replica_secret = "ours";
  const std::string head = request_head_for_replica(
      head_with("GET", {{"Host", "h"}, {"Connection", "x-tidegate-replica-secret"}}), forwarded);
  EXPECT_NE(head.find("\r\nx-tidegate-replica-secret: ours\r\n"), std::string::npos);
}

TEST(Forward, NotStartedIsA503Or401WithItsHeaderAndNothingElse) {
  using policy::Outcome;
  auto says = [](int status, std::vector<http::HeaderView> headers) {
    http::ResponseHead head;
    head.status = status;
    head.headers = std::move(headers);
    return outcome_of(head);
  };
  EXPECT_EQ(says(503, {{"X-Tidegate-Not-Started", "1"}}), Outcome::not_started);
  EXPECT_EQ(says(401, {{"X-Tidegate-Not-Started", "1"}}), Outcome::refused);
  EXPECT_EQ(says(503, {}), Outcome::answered);
  EXPECT_EQ(says(401, {}), Outcome::answered);
  EXPECT_EQ(says(503, {{"x-tidegate-not-started", "0"}}), Outcome::answered);
  EXPECT_EQ(says(500, {{"x-tidegate-not-started", "1"}}), Outcome::answered);
}

TEST(Forward, TheModels500BecomesA502) {
  http::ResponseHead head;
  head.status = 500;
  head.reason = "INTERNAL SERVER ERROR";
  head.headers = {{"x-request-id", "echoed"}, {"x-ms-run-function-failed", "True"}};
  const ForwardedReply reply = reply_head_for_client(head, "id-1");
  EXPECT_EQ(reply.head.status, 502);
  EXPECT_EQ(reply.head.reason, "Bad Gateway");
  ASSERT_EQ(reply.head.headers.size(), 1U);
  EXPECT_EQ(reply.head.headers[0].name, "x-ms-run-function-failed");
  EXPECT_EQ(reply.extra_lines, "x-request-id: id-1\r\nx-tidegate-reason: replica_failed\r\n");
}

TEST(Forward, OtherStatusesStay) {
  http::ResponseHead head;
  head.status = 503;
  head.reason = "Odd";
  const ForwardedReply reply = reply_head_for_client(head, "id-1");
  EXPECT_EQ(reply.head.status, 503);
  EXPECT_EQ(reply.head.reason, "Odd");
  EXPECT_EQ(reply.extra_lines, "x-request-id: id-1\r\n");
}

TEST(RequestId, IsTheClientsIfItIsUsable) {
  test::SimRandom random(1);
  EXPECT_EQ(choose_request_id(head_with("GET", {{"X-Request-ID", "mine 1"}}), random), "mine 1");
  const std::string most(100, 'x');
  EXPECT_EQ(choose_request_id(head_with("GET", {{"x-request-id", most}}), random), most);
}

TEST(RequestId, IsANewUuidOtherwise) {
  test::SimRandom random(1);
  const std::string too_long(101, 'x');
  for (std::string_view given : {std::string_view(""), std::string_view("a\tb"),
                                 std::string_view("caf\xc3\xa9"), std::string_view(too_long)}) {
    const std::string id = choose_request_id(head_with("GET", {{"x-request-id", given}}), random);
    EXPECT_EQ(id.size(), 36U);
    EXPECT_EQ(id[14], '4');
  }
  EXPECT_NE(choose_request_id(head_with("GET", {}), random),
            choose_request_id(head_with("GET", {}), random));
}

}  // namespace
}  // namespace tidegate::router
