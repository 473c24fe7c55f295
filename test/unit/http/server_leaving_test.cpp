// Clients that leave, stop halfway, or take their time.
#include <gtest/gtest.h>

#include "unit/http/held_call.h"

namespace tidegate::http {
namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

// Each test runs on tcp and on unix.
class Leaving : public testing::TestWithParam<bool> {
 protected:
  bool is_unix() const { return GetParam(); }
  std::string address() const {
    return is_unix() ? "unix:" + (folder_.path() / "socket").string() : "tcp:127.0.0.1:0";
  }
  TempFolder folder_;
  HeldCall held_;
};

INSTANTIATE_TEST_SUITE_P(Tcp, Leaving, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Unix, Leaving, testing::Values(true));

TEST_P(Leaving, AClientThatOnlyStopsSendingGetsItsAnswer) {
  TestServer server(held_.take(), {}, address().c_str());
  RawSocket client = server.connect();
  client.send(kGet);
  client.stop_sending();
  ASSERT_TRUE(becomes_true([&] { return held_.calls() == 1; }));
  for (int i = 0; i < 20; ++i) server.thread().run([] {});
  EXPECT_FALSE(held_.gone());
  held_.run(server, [](ServerCall& call) { call.reply(text_reply("still here")); });
  EXPECT_TRUE(client.read_to_end().ends_with("still here"));
  EXPECT_TRUE(server.connections_become(0));
}

TEST_P(Leaving, PipelinedRequestsBeforeAHalfCloseAreAllAnswered) {
  TestServer server(echo, {}, address().c_str());
  RawSocket client = server.connect();
  client.send(std::string(kGet) + "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
  client.stop_sending();
  const std::string replies = client.read_to_end();
  EXPECT_NE(replies.find("GET / <>"), std::string::npos);
  EXPECT_TRUE(replies.ends_with("POST /2 <ab>"));
}

TEST_P(Leaving, ALargeAnswerReachesAClientThatStoppedSending) {
  const std::string content(5'000'000, 'x');
  TestServer server([&](ServerCall& call) { call.reply(text_reply(content)); }, {},
                    address().c_str());
  RawSocket client = server.connect();
  client.send(kGet);
  client.stop_sending();
  EXPECT_TRUE(client.read_to_end().ends_with(content));
}

TEST_P(Leaving, AResetIsNoticedWhileTheHandlerIsBusy) {
  TestServer server(held_.take(), {}, address().c_str());
  RawSocket client = server.connect();
  client.send(kGet);
  ASSERT_TRUE(becomes_true([&] { return held_.calls() == 1; }));
  client.reset();
  EXPECT_TRUE(held_.becomes_gone());
  EXPECT_TRUE(server.connections_become(0));
}

TEST_P(Leaving, AResetAfterAHalfCloseIsNoticed) {
  TestServer server(held_.take(), {}, address().c_str());
  RawSocket client = server.connect();
  client.send(kGet);
  client.stop_sending();
  ASSERT_TRUE(becomes_true([&] { return held_.calls() == 1; }));
  for (int i = 0; i < 5; ++i) server.thread().run([] {});
  client.reset();
  EXPECT_TRUE(held_.becomes_gone());
  EXPECT_TRUE(server.connections_become(0));
}

TEST_P(Leaving, ACloseIsNoticedAtTheLatestWhenAStreamIsWritten) {
  TestServer server(held_.take(), {}, address().c_str());
  RawSocket client = server.connect();
  client.send(kGet);
  ASSERT_TRUE(becomes_true([&] { return held_.calls() == 1; }));
  client.close();
  if (is_unix()) {
    EXPECT_TRUE(held_.becomes_gone());
    return;
  }
  ServerCall* call = nullptr;
  held_.run(server, [&](ServerCall& held) {
    call = &held;
    held.begin_reply(Reply{}, std::nullopt);
  });
  EXPECT_TRUE(becomes_true([&] {
    return server.thread().run([&] {
      if (!held_.gone()) call->write("x");
      return held_.gone();
    });
  }));
}

TEST_P(Leaving, AHandlerThatDoesNotAskMayReplyToNobody) {
  TestServer server(held_.take(/*notice_gone=*/false), {}, address().c_str());
  for (int way = 0; way < 4; ++way) {
    RawSocket client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    ASSERT_TRUE(becomes_true([&] { return held_.calls() == way + 1; }));
    client.reset();
    ASSERT_TRUE(server.connections_become(0));
    held_.run(server, [&](ServerCall& call) {
      if (way == 0) return call.reply(text_reply("x"));
      if (way == 1) return call.abort();
      if (way == 2) {
        bool failed = false;
        call.read_body({}, [&](Result<Body> body) { failed = !body.has_value(); });
        EXPECT_TRUE(failed);
        return call.reply(text_reply("x"));
      }
      call.begin_reply(Reply{}, std::nullopt);
      EXPECT_EQ(call.write("x"), 0u);
      call.end_reply();
    });
  }
}

TEST_P(Leaving, AClientThatLeavesInItsBodyIsGone) {
  TestServer server(held_.take(), {}, address().c_str());
  RawSocket client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  bool called = false;
  held_.run(server,
            [&](ServerCall& call) { call.read_body({}, [&](Result<Body>) { called = true; }); });
  client.stop_sending();
  EXPECT_TRUE(held_.becomes_gone());
  EXPECT_FALSE(called);
}

TEST_P(Leaving, HalfABodyThatEndedBeforeItIsReadIsGone) {
  TestServer server(held_.take(), {}, address().c_str());
  RawSocket client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  client.stop_sending();
  ASSERT_TRUE(becomes_true([&] { return held_.calls() == 1; }));
  for (int i = 0; i < 20; ++i) server.thread().run([] {});
  bool called = false;
  held_.run(server,
            [&](ServerCall& call) { call.read_body({}, [&](Result<Body>) { called = true; }); });
  EXPECT_TRUE(held_.becomes_gone());
  EXPECT_FALSE(called);
}

TEST_P(Leaving, HalfAHeadIsForgotten) {
  TestServer server(held_.take(), {}, address().c_str());
  RawSocket client = server.connect();
  client.send("GET / HTTP/1.1\r\nHost");
  client.stop_sending();
  EXPECT_TRUE(server.connections_become(0));
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(held_.calls(), 0);
}

TEST_P(Leaving, AHeadThatDoesNotArriveInTimeGets408) {
  ServerOptions options;
  options.head_timeout = Milliseconds(30);
  TestServer server(held_.take(), options, address().c_str());
  RawSocket client = server.connect();
  client.send("GET / HTTP/1.1\r\n");
  EXPECT_EQ(client.read_until("\r\n"), "HTTP/1.1 408 Request Timeout\r\n");
  client.read_to_end();
}

TEST_P(Leaving, AnIdleConnectionIsClosedSilently) {
  ServerOptions options;
  options.idle_timeout = Milliseconds(30);
  TestServer server(echo, options, address().c_str());
  RawSocket fresh = server.connect();
  EXPECT_EQ(fresh.read_to_end(), "");
  RawSocket used = server.connect();
  used.send(kGet);
  EXPECT_TRUE(used.read_to_end().ends_with("GET / <>"));
}

TEST_P(Leaving, IdleTimeoutZeroIsForEver) {
  ServerOptions options;
  options.idle_timeout = Milliseconds(0);
  options.head_timeout = Milliseconds(20);  // must not count while nothing was sent
  TestServer server(echo, options, address().c_str());
  RawSocket client = server.connect();
  client.send(kGet);
  client.read_until("GET / <>");
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  client.send(kGet);
  EXPECT_TRUE(client.read_until("GET / <>").ends_with("GET / <>"));
}

TEST_P(Leaving, ABodyThatStopsGets408AndTheHandlerHearsThatTheClientIsGone) {
  ServerOptions options;
  options.body_timeout = Milliseconds(30);
  TestServer server(held_.take(), options, address().c_str());
  RawSocket client = server.connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  bool called = false;
  held_.run(server,
            [&](ServerCall& call) { call.read_body({}, [&](Result<Body>) { called = true; }); });
  EXPECT_EQ(client.read_until("\r\n"), "HTTP/1.1 408 Request Timeout\r\n");
  EXPECT_TRUE(held_.becomes_gone());
  EXPECT_FALSE(called);
  EXPECT_TRUE(server.connections_become(0));
}

TEST_P(Leaving, AClientThatDoesNotTakeItsReplyIsGone) {
  ServerOptions options;
  options.write_timeout = Milliseconds(50);
  TestServer server(held_.take(), options, address().c_str());
  RawSocket client = server.connect();
  client.send(kGet);
  held_.run(server, [&](ServerCall& call) {
    call.begin_reply(Reply{}, std::nullopt);
    call.write(std::string(20'000'000, 'x'));
  });
  EXPECT_TRUE(held_.becomes_gone());
  EXPECT_TRUE(server.connections_become(0));
}

TEST_P(Leaving, AFinishedReplyThatIsNotTakenClosesTheConnection) {
  ServerOptions options;
  options.write_timeout = Milliseconds(50);
  TestServer server(held_.take(), options, address().c_str());
  RawSocket client = server.connect();
  client.send(kGet);
  held_.run(server,
            [&](ServerCall& call) { call.reply(text_reply(std::string(20'000'000, 'x'))); });
  EXPECT_TRUE(server.connections_become(0));
  EXPECT_FALSE(held_.gone());
}

}  // namespace
}  // namespace tidegate::http
