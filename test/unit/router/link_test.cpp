// The real router and the link to control.
#include <algorithm>

#include <gtest/gtest.h>

#include "unit/router/fake_control.h"
#include "unit/router/harness.h"

namespace tidegate::router {
namespace {

using namespace std::chrono_literals;

template <class Message>
std::vector<Message> all_of(const FakeControl::Messages& messages) {
  std::vector<Message> found;
  for (const auto& message : messages) {
    if (const auto* match = std::get_if<Message>(&message)) found.push_back(*match);
  }
  return found;
}

class Links : public ::testing::Test {
 protected:
  Links() : table_(one_service({&replica_})) {
    replica_.answer_by([](const SeenRequest&) { return ok("r1"); });
    other_.answer_by([](const SeenRequest&) { return ok("r2"); });
  }
  table::Table next_table(const std::vector<const FakeReplica*>& replicas) {
    table::Table next = one_service(replicas);
    next.version = ++version_;
    return next;
  }

  std::uint64_t version_ = 1;
  FakeReplica replica_{"r1"};
  FakeReplica other_{"r2"};
  table::Table table_;
};

TEST_F(Links, WithoutControlTheRouterServesFromItsFile) {
  Harness router(table_, {.with_link = true});
  EXPECT_EQ(ask(router).body, "r1");
}

TEST_F(Links, TheRouterSaysHelloWheneverControlComes) {
  Harness router(table_, {.with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  control.stop();
  EXPECT_EQ(ask(router).body, "r1");
  control.start();
  ASSERT_TRUE(control.wait_for_hello(2));
  const auto hellos = all_of<table::Hello>(control.messages());
  EXPECT_EQ(hellos[0].table_version, 1U);
  EXPECT_EQ(hellos[0].pid, static_cast<std::uint32_t>(::getpid()));
  EXPECT_EQ(hellos[0].router_id, hellos[1].router_id);
  EXPECT_FALSE(hellos[0].router_id.empty());
}

TEST_F(Links, GarbageEndsTheConnectionAndNothingElse) {
  Harness router(table_, {.with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  control.push_bytes(std::string(100, '\xff'));
  ASSERT_TRUE(control.wait_for_hello(2));
  EXPECT_EQ(ask(router).body, "r1");
}

TEST_F(Links, ATableIsInForceOnceItIsReportedAsApplied) {
  Harness router(table_, {.cores = 2, .with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  control.push(next_table({&other_}));
  ASSERT_TRUE(control.wait_for_applied(2));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(router).body, "r2");
}

TEST_F(Links, AnOlderTableIsIgnoredAndTheOwnVersionReported) {
  Harness router(table_, {.with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  control.push({.version = 0, .services = {}});
  ASSERT_TRUE(control.wait_for_applied(1));
  EXPECT_EQ(ask(router).body, "r1");
}

TEST_F(Links, TheSameTableAgainIsAnsweredWithAppliedAndDrained) {
  Harness router(table_, {.with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  control.push(table_);
  ASSERT_TRUE(control.wait_until([](const FakeControl::Messages& messages) {
    return !all_of<table::Drained>(messages).empty();
  }));
  EXPECT_EQ(all_of<table::Applied>(control.messages()).at(0).table_version, 1U);
  EXPECT_TRUE(all_of<table::Drained>(control.messages()).at(0).replica_ids.empty());
}

TEST_F(Links, AReplicaIsReportedDrainedOnlyAfterItsLastRequest) {
  replica_.hold();
  Harness router(table_, {.with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  control.push(next_table({&other_}));
  ASSERT_TRUE(control.wait_for_applied(2));
  EXPECT_EQ(ask(router).body, "r2");
  // Two more tables make the router look again, twice.
  for (int i = 0; i < 2; ++i) control.push(next_table({&other_}));
  ASSERT_TRUE(control.wait_for_applied(4));
  EXPECT_FALSE(has_drained(control.messages(), "r1"));
  replica_.answer(0, ok("last"));
  EXPECT_EQ(read_answer(socket).body, "last");
  EXPECT_TRUE(control.wait_for_drained("r1"));
  EXPECT_TRUE(replica_.connections_become(0))
      << "the router closes its connections to a replica that went";
}

TEST_F(Links, AReplicaWhoseClientLeftIsDrainedOnlyWhenItHasAnswered) {
  replica_.hold();
  Harness router(table_, {.with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  socket.reset();
  control.push(next_table({&other_}));
  control.push(next_table({&other_}));
  ASSERT_TRUE(control.wait_for_applied(3));
  EXPECT_FALSE(has_drained(control.messages(), "r1"));
  replica_.answer(0, ok(""));
  EXPECT_TRUE(control.wait_for_drained("r1"));
}

TEST_F(Links, WhatDrainedWhileControlWasDownIsToldAfterTheNextTable) {
  replica_.hold();
  Harness router(table_, {.with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  const table::Table second = next_table({&other_});
  control.push(second);
  ASSERT_TRUE(control.wait_for_applied(2));
  control.stop();
  replica_.answer(0, ok(""));
  EXPECT_EQ(read_answer(socket).status, 200);
  control.start();
  ASSERT_TRUE(control.wait_for_hello(2));
  control.push(second);
  EXPECT_TRUE(control.wait_for_drained("r1"));
}

TEST_F(Links, AFreshRouterProvesTheDrainOfWhatOnlyItsFileKnew) {
  Harness router(table_, {.with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  control.push(next_table({&other_}));
  EXPECT_TRUE(control.wait_for_drained("r1"));
}

TEST_F(Links, AWaitingRequestSeesAReplicaThatCameLater) {
  only_version(table_).replicas.clear();
  only_version(table_).max_queue_wait = 10s;
  Harness router(table_, {.with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(router.metrics_show(
      "tidegate_router_queue_length{workspace=\"default\",service=\"diabetes\",version=\"v1\"} 1"));
  control.push(next_table({&other_}));
  EXPECT_EQ(read_answer(socket).body, "r2");
}

TEST_F(Links, AWaitingRequestMovesToTheGenerationThatReplacedItsOwn) {
  replica_.hold();
  only_version(table_).max_queue_wait = 10s;
  Harness router(table_, {.cores = 2, .with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  http::RawSocket first = router.connect();
  first.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  http::RawSocket second = router.connect();
  second.send(text_of({}));
  ASSERT_TRUE(router.metrics_show(
      "tidegate_router_queue_length{workspace=\"default\",service=\"diabetes\",version=\"v1\"} 1"));
  table::Table next = next_table({&other_});
  only_version(next).id = "diabetes.2";
  control.push(next);
  EXPECT_EQ(read_answer(second).body, "r2");
  replica_.answer(0, ok("r1 after all"));
  EXPECT_EQ(read_answer(first).body, "r1 after all");
  EXPECT_TRUE(control.wait_for_drained("r1"));
}

TEST_F(Links, AWaitingRequestOfAServiceThatIsDeletedIs404) {
  only_version(table_).replicas.clear();
  only_version(table_).max_queue_wait = 10s;
  Harness router(table_, {.with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(router.metrics_show(
      "tidegate_router_queue_length{workspace=\"default\",service=\"diabetes\",version=\"v1\"} 1"));
  control.push({.version = 2, .services = {}});
  EXPECT_EQ(read_answer(socket).reason(), "unknown_service");
}

TEST_F(Links, ARequestKeepsTheAuthItBeganWith) {
  Harness router(table_, {.with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  http::RawSocket socket = router.connect();
  const std::string text = text_of({.body = "late body"});
  socket.send(text.substr(0, text.size() - 4));
  // The head has been read when a later request of the same core has been answered.
  EXPECT_EQ(ask(router).status, 200);
  table::Table next = next_table({&other_});
  next.services[0].key_sha256.clear();
  control.push(next);
  ASSERT_TRUE(control.wait_for_applied(2));
  EXPECT_EQ(ask(router).status, 401);
  socket.send(text.substr(text.size() - 4));
  EXPECT_EQ(read_answer(socket).body, "r2");
}

}  // namespace
}  // namespace tidegate::router
