// Listeners, limits and draining.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "unit/http/held_call.h"

namespace tidegate::http {
namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

void drain(TestServer& server, std::atomic<int>& done) {
  server.thread().run([&] { server.server().drain([&done] { ++done; }); });
}

TEST(ServerAccept, PausesAtTheLimitUntilAConnectionCloses) {
  ServerOptions options;
  options.connections_max = 2;
  TestServer server(echo, options);
  RawSocket first = server.connect();
  RawSocket second = server.connect();
  RawSocket third = server.connect();  // the kernel takes it, we do not
  third.send(kGet);
  second.send(kGet);
  second.read_until("GET / <>");
  for (int i = 0; i < 20; ++i) server.thread().run([] {});
  EXPECT_EQ(server.connections(), 2u);
  first.close();
  EXPECT_TRUE(third.read_until("GET / <>").ends_with("GET / <>"));
  EXPECT_EQ(server.connections(), 2u);
}

TEST(ServerAccept, ClosesIdleConnectionsForThoseThatComeWhenAllPlacesAreTaken) {
  ServerOptions options;
  options.connections_max = 3;
  options.idle_spared = Milliseconds(0);
  HeldCall held;
  TestServer server(held.take(), options);
  RawSocket busy = server.connect();
  busy.send(kGet);
  ASSERT_TRUE(becomes_true([&] { return held.calls() == 1; }));
  RawSocket silent = server.connect();
  RawSocket half = server.connect();
  half.send("GET / HT");
  ASSERT_TRUE(server.connections_become(3));
  RawSocket fresh = server.connect();
  EXPECT_EQ(silent.read_to_end(), "");
  held.run(server, [](ServerCall& call) { call.reply(text_reply("ok")); });
  EXPECT_TRUE(busy.read_until("ok").ends_with("ok"));
  fresh.send(kGet);
  ASSERT_TRUE(becomes_true([&] { return held.calls() == 2; }));
  held.run(server, [](ServerCall& call) { call.reply(text_reply("ok")); });
  EXPECT_TRUE(fresh.read_until("ok").ends_with("ok"));
}

TEST(ServerAccept, ClosesNoIdleConnectionWhileNobodyWaitsForAPlace) {
  ServerOptions options;
  options.connections_max = 2;
  options.idle_spared = Milliseconds(0);
  TestServer server(echo, options);
  RawSocket first = server.connect();
  RawSocket second = server.connect();
  ASSERT_TRUE(server.connections_become(2));
  for (int i = 0; i < 20; ++i) {
    first.send(kGet);
    EXPECT_TRUE(first.read_until("GET / <>").ends_with("GET / <>"));
    second.send(kGet);
    EXPECT_TRUE(second.read_until("GET / <>").ends_with("GET / <>"));
  }
}

// Takes all descriptors this process may have.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    const int next = ::dup(0);
    ::close(next);
    low.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &low);
  }
  ~NoDescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

TEST(ServerAccept, WaitsWithoutSpinningWhenDescriptorsRunOut) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizers' run time needs descriptors itself";
#endif
  TestServer server(echo);
  std::optional<RawSocket> client;
  {
    auto target = server.address();
    RawSocket made = RawSocket::connect_to(target);
    made.send(kGet);
    made.read_until("GET / <>");
    made.close();
    EXPECT_TRUE(server.connections_become(0));
    client.emplace(os::UniqueFd(::socket(AF_INET, SOCK_STREAM, 0)));
    NoDescriptorsLeft none;
    client->connect_again(target);
    client->send(kGet);
    const double before = cpu_seconds();
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    EXPECT_LT(cpu_seconds() - before, 0.1);
    EXPECT_EQ(server.connections(), 0u);
  }
  EXPECT_TRUE(client->read_until("GET / <>").ends_with("GET / <>"));
}

TEST(ServerDrain, ClosesIdleConnectionsAndListeners) {
  TestServer server(echo);
  RawSocket fresh = server.connect();
  RawSocket used = server.connect();
  used.send(kGet);
  used.read_until("GET / <>");
  ASSERT_TRUE(server.connections_become(2));
  std::atomic<int> done = 0;
  drain(server, done);
  EXPECT_EQ(fresh.read_to_end(), "");
  EXPECT_EQ(used.read_to_end(), "");
  EXPECT_TRUE(becomes_true([&] { return done == 1; }));
  EXPECT_FALSE(RawSocket::can_connect(server.address()));
}

TEST(ServerDrain, LetsRepliesFinishAndSaysClose) {
  HeldCall held;
  TestServer server(held.take());
  RawSocket client = server.connect();
  client.send(kGet);
  ASSERT_TRUE(becomes_true([&] { return held.calls() == 1; }));
  std::atomic<int> done = 0;
  drain(server, done);
  for (int i = 0; i < 10; ++i) server.thread().run([] {});
  EXPECT_EQ(done, 0);
  held.run(server, [](ServerCall& call) { call.reply(text_reply("ok")); });
  const std::string reply = client.read_to_end();
  EXPECT_NE(reply.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(reply.ends_with("ok"));
  EXPECT_TRUE(becomes_true([&] { return done == 1; }));
}

TEST(ServerDrain, ServesARequestThatArrivedButWasNotReadYet) {
  TestServer server(echo);
  RawSocket client = server.connect();
  client.send(kGet);
  client.read_until("GET / <>");
  std::atomic<int> done = 0;
  server.thread().run([&] {
    client.send(kGet);  // in the socket before drain() runs on this same turn
    server.server().drain([&done] { ++done; });
  });
  EXPECT_TRUE(client.read_to_end().ends_with("GET / <>"));
  EXPECT_TRUE(becomes_true([&] { return done == 1; }));
}

TEST(ServerDrain, LetsAHalfReadHeadArrive) {
  TestServer server(echo);
  RawSocket client = server.connect();
  client.send("GET / HTTP/1.1\r\n");
  ASSERT_TRUE(server.connections_become(1));
  for (int i = 0; i < 10; ++i) server.thread().run([] {});
  std::atomic<int> done = 0;
  drain(server, done);
  client.send("Host: x\r\n\r\n");
  const std::string reply = client.read_to_end();
  EXPECT_NE(reply.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(becomes_true([&] { return done == 1; }));
}

TEST(ServerDrain, IsDoneAtOnceWithoutConnections) {
  TestServer server(echo);
  std::atomic<int> done = 0;
  drain(server, done);
  EXPECT_TRUE(becomes_true([&] { return done == 1; }));
}

TEST(ServerDrain, ItsTaskMayDestroyTheServer) {
  LoopThread thread;
  FakeHandler handler(echo);
  std::unique_ptr<Server> server;
  os::UniqueFd listener = listen_anywhere();
  const Address address = address_of(listener);
  auto done = std::make_shared<std::promise<void>>();
  thread.run([&] {
    server = std::make_unique<Server>(thread.loop, handler, ServerOptions{});
    ASSERT_TRUE(server->add_listener(std::move(listener)).has_value());
  });
  RawSocket client = RawSocket::connect_to(address);
  client.send(kGet);
  client.read_until("GET / <>");
  thread.run([&] {
    server->drain([&server, done] {
      server.reset();
      done->set_value();
    });
  });
  EXPECT_EQ(done->get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

}  // namespace
}  // namespace tidegate::http
