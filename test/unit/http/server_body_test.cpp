#include <gtest/gtest.h>

#include "unit/http/held_call.h"

namespace tidegate::http {
namespace {

std::string post(std::string_view content) {
  return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(content.size()) +
         "\r\n\r\n" + std::string(content);
}

std::string chunk(std::string_view content) {
  char size[17];
  std::snprintf(size, sizeof size, "%zx", content.size());
  return std::string(size) + "\r\n" + std::string(content) + "\r\n";
}

constexpr std::string_view kChunkedHead =
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

// Replies where the body was and its size.
FakeHandler::Function measure(const BodyLimits& limits, std::string* content = nullptr) {
  return [limits, content](ServerCall& call) {
    call.read_body(limits, [&call, content](Result<Body> body) {
      Reply reply;
      if (!body.has_value()) {
        reply.status = http_status(body.error().code);
        return call.reply(std::move(reply));
      }
      if (content != nullptr) *content = body->read_all().value();
      reply.body = (body->in_memory() ? "memory " : "file ") + std::to_string(body->size()) + "\n";
      call.reply(std::move(reply));
    });
  };
}

std::string body_line(RawSocket& client) {
  client.read_until("\r\n\r\n");
  return client.read_until("\n");
}

TEST(ServerBody, SpillsToAFileBeyondTheMemoryLimit) {
  TempFolder folder;
  BodyLimits limits;
  limits.memory_max_bytes = 1'000;
  limits.spill_folder = folder.path();
  std::string received;
  TestServer server(measure(limits, &received));
  RawSocket client = server.connect();
  for (std::size_t size : {999UL, 1'000UL, 1'001UL, 300'000UL}) {
    std::string content(size, 'c');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>('a' + i % 26);
    const std::string expected =
        (size <= 1'000 ? "memory " : "file ") + std::to_string(size) + "\n";
    client.send(post(content));
    EXPECT_EQ(body_line(client), expected);
    EXPECT_TRUE(received == content);
    client.send(std::string(kChunkedHead) + chunk(content) + "0\r\n\r\n");
    EXPECT_EQ(body_line(client), expected);
    EXPECT_TRUE(received == content);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));  // the files have no names
}

TEST(ServerBody, AFolderThatCannotHoldTheBodyIsAnError) {
  BodyLimits limits;
  limits.memory_max_bytes = 10;
  limits.spill_folder = "/nonexistent";
  TestServer server(measure(limits));
  RawSocket client = server.connect();
  client.send(post("more than ten bytes"));
  EXPECT_EQ(client.read_until("\r\n"), "HTTP/1.1 404 Not Found\r\n");
}

TEST(ServerBody, ALengthBeyondTheLimitIsRefusedBeforeTheBodyComes) {
  BodyLimits limits;
  limits.size_max_bytes = 100;
  TestServer server(measure(limits));
  RawSocket client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n");
  EXPECT_EQ(without_date(client.read_until("\r\n\r\n")),
            "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(ServerBody, AClientThatSendsFarTooMuchStillGetsTheAnswer) {
  BodyLimits limits;
  limits.size_max_bytes = 100;
  for (std::string_view head :
       {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1312d00\r\n"}) {
    TestServer server(measure(limits));
    RawSocket client = server.connect();
    client.send(head);
    client.send(std::string(20'000'000, 'x'));
    EXPECT_EQ(client.read_until("\r\n"), "HTTP/1.1 413 Content Too Large\r\n");
  }
}

TEST(ServerBody, ChunksBeyondTheLimitAreRefused) {
  BodyLimits limits;
  limits.size_max_bytes = 100;
  TestServer server(measure(limits));
  RawSocket fits = server.connect();
  fits.send(std::string(kChunkedHead) + chunk(std::string(60, 'x')) + chunk(std::string(40, 'x')) +
            "0\r\n\r\n");
  EXPECT_EQ(body_line(fits), "memory 100\n");
  fits.send(std::string(kChunkedHead) + chunk(std::string(60, 'x')) + chunk(std::string(41, 'x')));
  EXPECT_EQ(fits.read_until("\r\n"), "HTTP/1.1 413 Content Too Large\r\n");
}

TEST(ServerBody, AChunkLineWithoutAnEndIsRefused) {
  TestServer server(measure({}));
  for (std::string_view begin : {"1;", "0\r\nTrailer: "}) {
    RawSocket client = server.connect();
    client.send(std::string(kChunkedHead) + std::string(begin) + std::string(100'000, 'a'));
    EXPECT_EQ(client.read_until("\r\n"), "HTTP/1.1 400 Bad Request\r\n");
  }
}

TEST(ServerBody, ContinueIsSentWhenTheHandlerReads) {
  HeldCall held;
  TestServer server(held.take());
  RawSocket client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
  held.run(server, [](ServerCall& call) { measure({})(call); });
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ab");
  EXPECT_EQ(body_line(client), "memory 2\n");
  client.send(post("the connection goes on"));
  held.run(server, [](ServerCall& call) { measure({})(call); });
  EXPECT_EQ(body_line(client), "memory 22\n");
}

TEST(ServerBody, NoContinueForABodyThatIsThereAlready) {
  HeldCall held;
  TestServer server(held.take());
  RawSocket client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab");
  held.run(server, [](ServerCall& call) { measure({})(call); });
  EXPECT_EQ(client.read_until("\r\n"), "HTTP/1.1 200 OK\r\n");
}

TEST(ServerBody, ABodyThatArrivedBeforeItIsReadIsNotLost) {
  HeldCall held;
  TestServer server(held.take());
  const std::string content(1'000'000, 'x');
  RawSocket client = server.connect();
  std::thread writer([&] { client.send(post(content) + post("next")); });
  held.run(server, [&](ServerCall& call) {
    // More than the connection buffers is on its way by now, or will be.
    measure({})(call);
  });
  EXPECT_EQ(body_line(client), "memory 1000000\n");
  writer.join();
  held.run(server, [](ServerCall& call) { measure({})(call); });
  EXPECT_EQ(body_line(client), "memory 4\n");
}

TEST(ServerBody, ALargeUnreadBodyEndsTheConnectionAfterTheReply) {
  TestServer server([](ServerCall& call) { call.reply(text_reply("no\n")); });
  RawSocket client = server.connect();
  client.send(post(std::string(1'000'000, 'x')));
  EXPECT_NE(client.read_until("\r\n\r\n").find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(client.read_to_end(), "no\n");
}

TEST(ServerBody, AnEndlessUnreadChunkedBodyEndsTheConnection) {
  TestServer server([](ServerCall& call) { call.reply(text_reply("no\n")); });
  RawSocket client = server.connect();
  client.send(std::string(kChunkedHead) + chunk(std::string(1'000'000, 'x')));
  client.read_until("\r\n\r\n");
  EXPECT_EQ(client.read_to_end(), "no\n");
}

TEST(ServerBody, AReplyMayComeBeforeTheBodyIsComplete) {
  HeldCall held;
  TestServer server(held.take());
  RawSocket client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab");
  held.run(server, [](ServerCall& call) {
    call.read_body({}, [](Result<Body>) { ADD_FAILURE() << "after the reply"; });
    call.reply(text_reply("early\n"));
  });
  EXPECT_EQ(body_line(client), "early\n");
  client.send("cd" + post("x"));
  held.run(server, [](ServerCall& call) { measure({})(call); });
  EXPECT_EQ(body_line(client), "memory 1\n");
}

}  // namespace
}  // namespace tidegate::http
