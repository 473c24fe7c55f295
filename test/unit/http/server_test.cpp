#include <gtest/gtest.h>

#include "unit/http/held_call.h"

namespace tidegate::http {
namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

std::string status_line(RawSocket& client) {
  return client.read_until("\r\n");
}

TEST(Server, AnswersOnAKeptConnection) {
  TestServer server(echo);
  RawSocket client = server.connect();
  for (int i = 0; i < 3; ++i) {
    client.send("POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(without_date(client.read_until("<hello>")),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 19\r\n\r\n"
              "POST /a?b=c <hello>");
  }
  EXPECT_EQ(server.connections(), 1u);
}

TEST(Server, WritesADate) {
  TestServer server(echo);
  RawSocket client = server.connect();
  client.send(kGet);
  const std::string head = client.read_until("\r\n\r\n");
  const std::size_t at = head.find("Date: ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(head.substr(at + 31, 6), " GMT\r\n") << head;
}

TEST(Server, TellsWhoCallsAndCountsCalls) {
  std::vector<std::string> peers;
  std::vector<std::uint64_t> ids;
  TestServer server([&](ServerCall& call) {
    peers.emplace_back(call.peer());
    ids.push_back(call.id());
    echo(call);
  });
  RawSocket client = server.connect();
  for (int i = 0; i < 2; ++i) {
    client.send(kGet);
    client.read_until("GET / <>");
  }
  EXPECT_EQ(peers.at(0).substr(0, 10), "127.0.0.1:");
  EXPECT_EQ(peers.at(0), peers.at(1));
  EXPECT_NE(ids.at(0), ids.at(1));
}

TEST(Server, RefusesAHeadThatIsTooLarge) {
  ServerOptions options;
  options.head_max_bytes = 2'000;
  TestServer server(echo, options);
  const std::string padding(1'900, 'a');
  RawSocket fits = server.connect();
  fits.send("GET / HTTP/1.1\r\nHost: x\r\nA: " + padding + "\r\n\r\n");
  EXPECT_EQ(status_line(fits), "HTTP/1.1 200 OK\r\n");
  for (std::string_view end : {"\r\n\r\n", ""}) {
    RawSocket client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: x\r\nA: " + padding + padding + std::string(end));
    EXPECT_EQ(status_line(client), "HTTP/1.1 431 Request Header Fields Too Large\r\n");
  }
}

TEST(Server, RefusesTooManyHeaderLines) {
  TestServer server(echo);
  std::string head = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 300; ++i) head += "A: b\r\n";
  RawSocket client = server.connect();
  client.send(head + "\r\n");
  EXPECT_EQ(status_line(client), "HTTP/1.1 431 Request Header Fields Too Large\r\n");
}

TEST(Server, PipelinedRequestsWaitForTheReplyBeforeThem) {
  HeldCall held;
  TestServer server(held.take());
  RawSocket client = server.connect();
  client.send(std::string(kGet) + std::string(kGet));
  held.run(server, [&](ServerCall& call) {
    EXPECT_EQ(held.calls(), 1);
    call.reply(text_reply("first"));
    EXPECT_EQ(held.calls(), 1);  // not from within reply()
  });
  held.run(server, [](ServerCall& call) { call.reply(text_reply("second")); });
  client.read_until("first");
  EXPECT_EQ(status_line(client), "HTTP/1.1 200 OK\r\n");
  client.read_until("second");
}

TEST(Server, AClientMaySendFarAhead) {
  HeldCall held;
  TestServer server(held.take());
  RawSocket client = server.connect();
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += kGet;
  client.send_what_fits(many);
  for (int answered = 0; answered < 300; ++answered) {
    held.run(server, [&](ServerCall& call) {
      EXPECT_EQ(held.calls(), answered + 1);
      call.reply(text_reply("x"));
    });
  }
  client.reset();
  EXPECT_TRUE(held.becomes_gone());
}

TEST(Server, RepliesLeaveOutHeadersThatWouldSplitThem) {
  TestServer server([](ServerCall& call) {
    Reply reply;
    reply.headers = {{"Good", "value"},        {"Bad", "x\r\nSet-Cookie: y"},
                     {"Bad\r\nName", "x"},     {"", "x"},
                     {"Content-Length", "77"}, {"transfer-encoding", "chunked"},
                     {"Connection", "close"}};
    reply.body = "ok";
    call.reply(std::move(reply));
  });
  RawSocket client = server.connect();
  client.send(kGet);
  EXPECT_EQ(without_date(client.read_until("ok")),
            "HTTP/1.1 200 OK\r\nGood: value\r\nContent-Length: 2\r\n\r\nok");
}

TEST(Server, AProxiedHeadLosesWhatIsHopByHop) {
  TestServer server([](ServerCall& call) {
    ResponseHead head;
    head.status = 418;
    head.reason = "Teapot";
    head.headers = {{"Server", "x"},
                    {"Connection", "keep-alive, X-Private"},
                    {"Keep-Alive", "timeout=5"},
                    {"X-Private", "1"},
                    {"Content-Length", "99"},
                    {"Transfer-Encoding", "chunked"},
                    {"Upgrade", "h2c"},
                    {"Trailer", "T"},
                    {"TE", "trailers"},
                    {"Proxy-Authenticate", "Basic"},
                    {"Date", "yesterday"},
                    {"X-Kept", "2"}};
    call.begin_reply(head, "X-Extra: 3\r\n", 2);
    call.write("ok");
    call.end_reply();
  });
  RawSocket client = server.connect();
  client.send(kGet);
  EXPECT_EQ(client.read_until("ok"),
            "HTTP/1.1 418 Teapot\r\nServer: x\r\nDate: yesterday\r\nX-Kept: 2\r\nX-Extra: 3\r\n"
            "Content-Length: 2\r\n\r\nok");
}

TEST(Server, SendsALargeReplyToASlowReader) {
  const std::string content(20'000'000, 'r');
  TestServer server([&](ServerCall& call) { call.reply(text_reply(content)); });
  RawSocket client = server.connect();
  client.send(std::string(kGet) + std::string(kGet));
  for (int i = 0; i < 2; ++i) {
    client.read_until("\r\n\r\n");
    EXPECT_TRUE(client.read_bytes(content.size()) == content);
  }
}

TEST(Server, SaysHowMuchWaitsAndWhenItIsDrained) {
  HeldCall held;
  TestServer server(held.take());
  RawSocket client = server.connect();
  client.send(kGet);
  std::atomic<bool> drained = false;
  std::size_t written = 0;
  held.run(server, [&](ServerCall& call) {
    call.begin_reply(Reply{}, std::nullopt);
    const std::string piece(100'000, 'p');
    std::size_t waiting = 0;
    while (waiting < 1'000'000) {
      waiting = call.write(piece);
      written += piece.size();
      ASSERT_LT(written, 100'000'000u);
    }
    call.on_drained(500'000, [&] {
      drained = true;
      call.end_reply();
    });
  });
  server.thread().run([&] { EXPECT_FALSE(drained); });
  const std::string reply = client.read_until("\r\n0\r\n\r\n");
  EXPECT_TRUE(drained);
  EXPECT_GT(reply.size(), written);
}

TEST(Server, OnDrainedComesAlsoWhenLittleWaits) {
  TestServer server([](ServerCall& call) {
    call.begin_reply(Reply{}, 2);
    call.on_drained(1'000, [&call] {
      call.write("ok");
      call.end_reply();
    });
  });
  RawSocket client = server.connect();
  client.send(kGet);
  EXPECT_NE(client.read_until("ok").find("Content-Length: 2\r\n"), std::string::npos);
}

TEST(Server, AbortLeavesAReplyVisiblyBroken) {
  TestServer server([](ServerCall& call) {
    call.begin_reply(Reply{}, std::nullopt);
    call.write("half");
    call.abort();
  });
  RawSocket chunked = server.connect();
  chunked.send(kGet);
  const std::string reply = chunked.read_to_end();
  EXPECT_TRUE(reply.ends_with("\r\n\r\n4\r\nhalf\r\n")) << reply;
  // HTTP/1.0: an orderly end would look like the whole reply.
  RawSocket until_close = server.connect();
  until_close.send("GET / HTTP/1.0\r\n\r\n");
  until_close.read_to_end();
  EXPECT_TRUE(until_close.was_reset());
}

TEST(Server, AbortBeforeAnyReplySendsNothing) {
  TestServer server([](ServerCall& call) { call.abort(); });
  RawSocket client = server.connect();
  client.send(kGet);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Server, ListensOnAUnixSocketWithALongPath) {
  TempFolder folder;
  const os::Path deep = folder.path() / std::string(100, 'a') / std::string(100, 'b');
  ASSERT_TRUE(os::make_directories(deep).has_value());
  const std::string text = "unix:" + (deep / "socket").string();
  TestServer server([](ServerCall& call) { call.reply(text_reply(std::string(call.peer()))); }, {},
                    text.c_str());
  RawSocket client = server.connect();
  client.send(kGet);
  EXPECT_EQ(client.read_until("unix").substr(0, 15), "HTTP/1.1 200 OK");
}

TEST(Server, TheServerMayBeDestroyedByItsHandler) {
  LoopThread thread;
  std::unique_ptr<Server> server;
  FakeHandler handler([&](ServerCall& call) {
    call.reply(text_reply("last"));
    server.reset();
  });
  os::UniqueFd listener = listen_anywhere();
  const Address address = address_of(listener);
  thread.run([&] {
    server = std::make_unique<Server>(thread.loop, handler, ServerOptions{});
    ASSERT_TRUE(server->add_listener(std::move(listener)).has_value());
  });
  RawSocket client = RawSocket::connect_to(address);
  client.send(std::string(kGet) + std::string(kGet));
  EXPECT_TRUE(client.read_to_end().ends_with("last"));
  EXPECT_TRUE(thread.run([&] { return server == nullptr; }));
}

TEST(Server, DestroyingItTellsHandlersThatTheClientIsGone) {
  HeldCall held;
  auto server = std::make_unique<TestServer>(held.take());
  RawSocket client = server->connect();
  client.send(kGet);
  ASSERT_TRUE(becomes_true([&] { return held.calls() == 1; }));
  server.reset();
  EXPECT_TRUE(held.gone());
  EXPECT_EQ(client.read_to_end(), "");
}

}  // namespace
}  // namespace tidegate::http
