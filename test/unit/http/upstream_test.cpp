#include "http/upstream.h"

#include <optional>

#include <gtest/gtest.h>

#include "unit/http/upstream_fixture.h"

namespace tidegate::http {
namespace {

TEST_F(UpstreamTest, ReadsAResponseInPiecesOfAnySize) {
  struct Case {
    std::string_view response;
    std::string_view body;
    bool ends_by_close = false;
  };
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
      {"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "ok"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: "
       "t\r\n\r\n",
       "abcde"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
       "x"},
      {"HTTP/1.1 200 OK\r\n\r\nto the end", "to the end", true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "x"},
  };
  for (const Case& c : cases) {
    for (std::size_t piece : {1UL, 2UL, 3UL, 7UL, 4096UL}) {
      SCOPED_TRACE(std::string(c.response) + " in pieces of " + std::to_string(piece));
      Recorder recorder;
      exchange(recorder, c.response, piece, c.ends_by_close);
      EXPECT_EQ(recorder.failure, std::nullopt) << recorder.detail;
      EXPECT_EQ(recorder.heads, 1);
      EXPECT_EQ(recorder.status, 200);
      EXPECT_EQ(recorder.body, c.body);
      thread_.run([this] { upstream_->close_idle(); });
      EXPECT_TRUE(connections_become(0));
    }
  }
}

TEST_F(UpstreamTest, SaysThatAReplyIsBroken) {
  const std::string_view responses[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
      "HTTP/1.1 200 OK\r\nContent-Le",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
      "SSH-2.0-OpenSSH\r\n",
      "\r\n",
  };
  for (std::string_view response : responses) {
    SCOPED_TRACE(response);
    Recorder recorder;
    exchange(recorder, response, 4096, /*close=*/true);
    EXPECT_EQ(recorder.failure, UpstreamFailure::broken_reply) << recorder.detail;
    EXPECT_TRUE(connections_become(0));
  }
}

TEST_F(UpstreamTest, SaysThatAReplyIsBrokenWhenAResetEndsIt) {
  Recorder recorder;
  send(recorder);
  RawSocket replica = accept();
  replica.read_until("\r\n\r\n");
  replica.send("HTTP/1.1 200 OK\r\n\r\nuntil close");
  while (thread_.run([&] { return recorder.body.empty(); })) std::this_thread::yield();
  replica.reset();
  ASSERT_TRUE(recorder.wait());
  EXPECT_EQ(recorder.failure, UpstreamFailure::broken_reply);
}

TEST_F(UpstreamTest, RefusesAHeadWithoutAnEnd) {
  Recorder recorder;
  send(recorder);
  RawSocket replica = accept();
  replica.send("HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'a'));
  ASSERT_TRUE(recorder.wait());
  EXPECT_EQ(recorder.failure, UpstreamFailure::broken_reply);
}

TEST_F(UpstreamTest, SaysThatNothingWasSentWhenNobodyListens) {
  const Address address = address_of(listener_);
  listener_.reset();
  use(address);
  Recorder recorder;
  send(recorder);
  ASSERT_TRUE(recorder.wait());
  EXPECT_EQ(recorder.failure, UpstreamFailure::not_sent);
  EXPECT_EQ(connections(), 0u);
}

TEST_F(UpstreamTest, SaysThatNothingWasSentWhenTheSocketFileIsMissing) {
  use(Address::parse("unix:/nonexistent/socket").value());
  Recorder recorder;
  send(recorder);
  ASSERT_TRUE(recorder.wait());
  EXPECT_EQ(recorder.failure, UpstreamFailure::not_sent);
}

TEST_F(UpstreamTest, SaysThatNothingWasSentWhenAUnixListenerIsStuckWithAFullBacklog) {
  TempFolder folder;
  const Address address = Address::parse("unix:" + (folder.path() / "socket").string()).value();
  ListenOptions options;
  options.backlog = 0;
  auto stuck = listen_on(address, options);
  ASSERT_TRUE(stuck.has_value());
  RawSocket first = RawSocket::connect_to(address);
  UpstreamOptions short_wait;
  short_wait.connect_timeout = Milliseconds(30);
  use(address, short_wait);
  Recorder recorder;
  send(recorder);
  ASSERT_TRUE(recorder.wait());
  EXPECT_EQ(recorder.failure, UpstreamFailure::not_sent);
  EXPECT_EQ(recorder.detail, "no connection in time");
}

TEST_F(UpstreamTest, ConnectsOnceTheBacklogHasRoom) {
  TempFolder folder;
  const Address address = Address::parse("unix:" + (folder.path() / "socket").string()).value();
  ListenOptions options;
  options.backlog = 0;
  auto stuck = listen_on(address, options);
  ASSERT_TRUE(stuck.has_value());
  RawSocket first = RawSocket::connect_to(address);
  use(address);
  Recorder recorder;
  send(recorder);
  RawSocket::accept_from(stuck->get());
  RawSocket replica = RawSocket::accept_from(stuck->get());
  EXPECT_EQ(replica.read_until("\r\n\r\n"), kGet);
  replica.send("HTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_TRUE(recorder.wait());
  EXPECT_EQ(recorder.status, 204);
}

TEST_F(UpstreamTest, SaysThatThereIsNoResponseWhenThePeerCloses) {
  Recorder recorder;
  exchange(recorder, "", 1, /*close=*/true);
  EXPECT_EQ(recorder.failure, UpstreamFailure::no_response);
  EXPECT_TRUE(connections_become(0));
}

TEST_F(UpstreamTest, SaysThatThereIsNoResponseWhenThePeerResets) {
  Recorder recorder;
  send(recorder);
  RawSocket replica = accept();
  replica.read_until("\r\n\r\n");
  replica.reset();
  ASSERT_TRUE(recorder.wait());
  EXPECT_EQ(recorder.failure, UpstreamFailure::no_response);
}

TEST_F(UpstreamTest, SaysThatThereIsNoResponseAfterAnInformationalOne) {
  Recorder recorder;
  exchange(recorder, "HTTP/1.1 100 Continue\r\n\r\n", 100, /*close=*/true);
  EXPECT_EQ(recorder.failure, UpstreamFailure::no_response);
  EXPECT_EQ(recorder.heads, 0);
}

TEST_F(UpstreamTest, KeepsAndReusesAConnection) {
  Recorder first;
  send(first);
  RawSocket replica = accept();
  for (int i = 0; i < 3; ++i) {
    Recorder recorder;
    Recorder& used = i == 0 ? first : recorder;
    if (i > 0) send(used);
    EXPECT_EQ(replica.read_until("\r\n\r\n"), kGet);
    replica.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    ASSERT_TRUE(used.wait());
    EXPECT_EQ(used.body, "x");
  }
  EXPECT_EQ(connections(), 1u);
}

TEST_F(UpstreamTest, ReusesTheConnectionFromWithinOnDone) {
  Recorder second;
  Recorder first;
  std::unique_ptr<UpstreamCall> second_call;
  first.on_done_hook = [&] { second_call = upstream_->send(kGet, empty_, second); };
  send(first);
  RawSocket replica = accept();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(replica.read_until("\r\n\r\n"), kGet);
    replica.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n");
  }
  ASSERT_TRUE(second.wait());
  EXPECT_EQ(second.body, "x");
  EXPECT_EQ(connections(), 1u);
  thread_.run([&] { second_call.reset(); });
}

TEST_F(UpstreamTest, DoesNotKeepWhatTheReplicaCloses) {
  Recorder recorder;
  exchange(recorder, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 4096,
           /*close=*/false);
  EXPECT_EQ(recorder.body, "x");
  EXPECT_TRUE(connections_become(0));
}

TEST_F(UpstreamTest, DoesNotKeepAConnectionWithBytesBehindTheResponse) {
  Recorder recorder;
  exchange(recorder, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n", 4096,
           /*close=*/false);
  EXPECT_EQ(recorder.body, "x");
  EXPECT_TRUE(connections_become(0));
}

TEST_F(UpstreamTest, NoticesThatAnIdleConnectionWasClosed) {
  Recorder recorder;
  send(recorder);
  {
    RawSocket replica = accept();
    replica.read_until("\r\n\r\n");
    replica.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(recorder.wait());
    EXPECT_EQ(connections(), 1u);
  }
  EXPECT_TRUE(connections_become(0));
}

TEST_F(UpstreamTest, KeepsNoMoreIdleConnectionsThanAllowed) {
  UpstreamOptions options;
  options.idle_connections_max = 1;
  use(address_of(listener_), options);
  Recorder a;
  Recorder b;
  std::unique_ptr<UpstreamCall> call_a;
  thread_.run([&] { call_a = upstream_->send(kGet, empty_, a); });
  RawSocket replica_a = accept();
  send(b);
  RawSocket replica_b = accept();
  EXPECT_EQ(connections(), 2u);
  for (RawSocket* replica : {&replica_a, &replica_b}) {
    replica->read_until("\r\n\r\n");
    replica->send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }
  ASSERT_TRUE(a.wait() && b.wait());
  EXPECT_TRUE(connections_become(1));
  thread_.run([&] { call_a.reset(); });
}

// A unix peer that closed takes nothing any more, so the request goes out on a new connection even
// when it is sent before the loop has heard of the end.
TEST_F(UpstreamTest, SendsAgainOnANewConnectionWhenAKeptOneTakesNothing) {
  TempFolder folder;
  const Address address = Address::parse("unix:" + (folder.path() / "socket").string()).value();
  auto listener = listen_on(address, {});
  ASSERT_TRUE(listener.has_value());
  use(address);
  Recorder first;
  send(first);
  RawSocket replica = RawSocket::accept_from(listener->get());
  replica.read_until("\r\n\r\n");
  replica.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(first.wait());
  Recorder second;
  thread_.run([&] {
    replica.close();
    call_ = upstream_->send(kGet, empty_, second);
  });
  RawSocket again = RawSocket::accept_from(listener->get());
  EXPECT_EQ(again.read_until("\r\n\r\n"), kGet);
  again.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  ASSERT_TRUE(second.wait());
  EXPECT_EQ(second.body, "x");
}

TEST_F(UpstreamTest, SendsABodyFromMemoryAndFromAFile) {
  TempFolder folder;
  const std::string content(3'000'000, 'b');
  for (std::uint64_t memory_max : {std::uint64_t{10'000'000}, std::uint64_t{1'000}}) {
    BodyLimits limits;
    limits.memory_max_bytes = memory_max;
    limits.spill_folder = folder.path();
    Body body;
    ASSERT_TRUE(body.append(content, limits).has_value());
    ASSERT_EQ(body.in_memory(), memory_max > content.size());
    Recorder recorder;
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n";
    send(recorder, head, &body);
    RawSocket replica = accept();
    EXPECT_EQ(replica.read_until("\r\n\r\n"), head);
    EXPECT_TRUE(replica.read_bytes(content.size()) == content);
    replica.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(recorder.wait());
    EXPECT_EQ(recorder.failure, std::nullopt);
    thread_.run([this] { upstream_->close_idle(); });
  }
}

// A replica that refuses without reading the body: its answer counts, and the connection is not
// kept.
TEST_F(UpstreamTest, TakesAnAnswerThatComesBeforeTheBodyIsSent) {
  BodyLimits limits;
  limits.memory_max_bytes = 100UL << 20;
  Body body;
  ASSERT_TRUE(body.append(std::string(20'000'000, 'b'), limits).has_value());
  Recorder recorder;
  send(recorder, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n", &body);
  RawSocket replica = accept();
  replica.read_until("\r\n\r\n");
  replica.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy");
  ASSERT_TRUE(recorder.wait());
  EXPECT_EQ(recorder.failure, std::nullopt);
  EXPECT_EQ(recorder.status, 503);
  EXPECT_EQ(recorder.body, "busy");
  EXPECT_TRUE(connections_become(0));
}

TEST_F(UpstreamTest, SaysThatThereIsNoResponseWhenThePeerClosesInTheMiddleOfTheBody) {
  BodyLimits limits;
  limits.memory_max_bytes = 100UL << 20;
  Body body;
  ASSERT_TRUE(body.append(std::string(20'000'000, 'b'), limits).has_value());
  Recorder recorder;
  send(recorder, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n", &body);
  RawSocket replica = accept();
  replica.read_bytes(1'000'000);
  replica.close();
  ASSERT_TRUE(recorder.wait());
  EXPECT_EQ(recorder.failure, UpstreamFailure::no_response);
}

TEST_F(UpstreamTest, DestroyingACallClosesItsConnection) {
  Recorder recorder;
  send(recorder);
  RawSocket replica = accept();
  replica.read_until("\r\n\r\n");
  thread_.run([this] { call_.reset(); });
  EXPECT_TRUE(replica.at_end());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(UpstreamTest, ACallMayBeDestroyedFromEachOfItsCallbacks) {
  constexpr std::string_view kResponse =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n1\r\ny\r\n0\r\n\r\n";
  for (int which = 0; which < 2; ++which) {
    Recorder recorder;
    (which == 0 ? recorder.on_head_hook : recorder.on_body_hook) = [this] { call_.reset(); };
    send(recorder);
    RawSocket replica = accept();
    replica.read_until("\r\n\r\n");
    replica.send(kResponse);
    EXPECT_TRUE(replica.at_end());
    EXPECT_EQ(connections(), 0u);
    EXPECT_EQ(recorder.body, which == 0 ? "" : "x");
  }
  Recorder recorder;
  std::size_t kept = 0;
  recorder.on_done_hook = [&] {
    call_.reset();
    kept = upstream_->connections();
  };
  exchange(recorder, kResponse, 4096, /*close=*/false);
  EXPECT_EQ(kept, 1u);
}

TEST_F(UpstreamTest, TheUpstreamMayBeDestroyedFromACallback) {
  Recorder recorder;
  recorder.on_done_hook = [this] { upstream_.reset(); };
  send(recorder);
  RawSocket replica = accept();
  replica.read_until("\r\n\r\n");
  replica.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(recorder.wait());
  EXPECT_TRUE(replica.at_end());
}

TEST_F(UpstreamTest, DestroyingTheUpstreamCancelsItsCalls) {
  Recorder recorder;
  send(recorder);
  RawSocket replica = accept();
  replica.read_until("\r\n\r\n");
  thread_.run([this] { upstream_.reset(); });
  EXPECT_TRUE(replica.at_end());
  thread_.run([this] { call_.reset(); });
  EXPECT_EQ(recorder.failure, std::nullopt);
}

TEST_F(UpstreamTest, APausedCallStopsThePeer) {
  Recorder recorder;
  recorder.on_head_hook = [this] { call_->pause(); };
  send(recorder);
  RawSocket replica = accept();
  replica.read_until("\r\n\r\n");
  const std::string content(20'000'000, 'c');
  std::thread writer([&] {
    replica.send("HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n");
    replica.send(content);
  });
  while (thread_.run([&] { return recorder.heads == 0; })) std::this_thread::yield();
  // Whatever was received with the head comes along; then nothing more.
  const std::size_t received = thread_.run([&] { return recorder.body.size(); });
  EXPECT_LE(received, 64UL << 10);
  for (int i = 0; i < 20; ++i) thread_.run([] {});
  EXPECT_EQ(thread_.run([&] { return recorder.body.size(); }), received);
  thread_.run([this] { call_->resume(); });
  EXPECT_TRUE(recorder.wait());
  writer.join();
  EXPECT_TRUE(recorder.body == content);
}

TEST_F(UpstreamTest, AHeadRequestHasNoResponseBody) {
  Recorder recorder;
  send(recorder, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  RawSocket replica = accept();
  replica.read_until("\r\n\r\n");
  replica.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  ASSERT_TRUE(recorder.wait());
  EXPECT_EQ(recorder.failure, std::nullopt);
  EXPECT_EQ(connections(), 1u);
}

TEST_F(UpstreamTest, ReachesAUnixSocketWithALongPath) {
  TempFolder folder;
  const os::Path deep = folder.path() / std::string(100, 'a') / std::string(100, 'b');
  ASSERT_TRUE(os::make_directories(deep).has_value());
  const std::string text = "unix:" + (deep / "socket").string();
  TestServer server(echo, {}, text.c_str());
  use(Address::parse(text).value());
  Recorder recorder;
  send(recorder);
  ASSERT_TRUE(recorder.wait());
  EXPECT_EQ(recorder.body, "GET /x <>");
}

}  // namespace
}  // namespace tidegate::http
