// Tables that are given by set_table(), as in a cluster.
#include <gtest/gtest.h>

#include "unit/router/harness.h"

namespace tidegate::router {
namespace {

using namespace std::chrono_literals;

class OutsideTables : public ::testing::Test {
 protected:
  OutsideTables() : table_(one_service({&one_})) {
    one_.answer_by([](const SeenRequest&) { return ok("one"); });
    two_.answer_by([](const SeenRequest&) { return ok("two"); });
    only_version(table_).max_queue_wait = 5s;
  }
  table::Table with(std::uint64_t version, const FakeReplica& replica) {
    table::Table table = table_;
    table.version = version;
    only_version(table).replicas = {{.id = replica.id(), .address = replica.address()}};
    return table;
  }

  FakeReplica one_{"r1"};
  FakeReplica two_{"r2"};
  table::Table table_;
  const std::string replicas_ =
      "tidegate_router_replicas{workspace=\"default\",service=\"diabetes\",version=\"v1\"} ";
};

TEST_F(OutsideTables, OneVersionMayComeAgainWithOtherReplicas) {
  Harness router(table_, {.cores = 2, .reads_table = false});
  router.set_table(with(7, one_));
  ASSERT_TRUE(router.metrics_show("tidegate_router_table_version 7"));
  router.set_table(with(7, two_));
  while (ask(router).body != "two") {
  }
  table::Table none = with(7, two_);
  only_version(none).replicas.clear();
  router.set_table(none);
  EXPECT_TRUE(router.metrics_show(replicas_ + "0"));
}

TEST_F(OutsideTables, AnOlderOneIsIgnored) {
  Harness router(table_, {.reads_table = false});
  router.set_table(with(7, one_));
  router.set_table(with(6, two_));
  table::Table newest = with(8, one_);
  only_version(newest).replicas.push_back({.id = "r3", .address = "unix:/nowhere"});
  router.set_table(newest);
  ASSERT_TRUE(router.metrics_show("tidegate_router_table_version 8"));
  EXPECT_EQ(ask(router).body, "one");
  EXPECT_EQ(two_.seen(), 0U);
}

TEST_F(OutsideTables, ARequestThatWaitsGetsTheReplicaThatComes) {
  table::Table none = with(7, one_);
  only_version(none).replicas.clear();
  Harness router(table_, {.reads_table = false});
  router.set_table(none);
  ASSERT_TRUE(router.metrics_show("tidegate_router_table_version 7"));
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(
      router.metrics_show("tidegate_router_queue_length{workspace=\"default\",service="
                          "\"diabetes\",version=\"v1\"} 1"));
  router.set_table(with(7, two_));
  EXPECT_EQ(read_answer(socket).body, "two");
}

// The service came anew with another secret while the request waited.
TEST_F(OutsideTables, ARequestThatWaitedShowsTheSecretOfTheTableThatServesIt) {
  two_.answer_by(
      [](const SeenRequest& seen) { return ok(seen.header("x-tidegate-replica-secret")); });
  table::Table first = with(7, one_);
  first.services[0].replica_secret = "old";
  only_version(first).replicas.clear();
  Harness router(table_, {.reads_table = false});
  router.set_table(first);
  ASSERT_TRUE(router.metrics_show("tidegate_router_table_version 7"));
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(
      router.metrics_show("tidegate_router_queue_length{workspace=\"default\",service="
                          "\"diabetes\",version=\"v1\"} 1"));
  table::Table second = with(8, two_);
  second.services[0].replica_secret = "new";
  only_version(second).id = "diabetes.2";
  router.set_table(second);
  EXPECT_EQ(read_answer(socket).body, "new");
}

TEST_F(OutsideTables, OneThatCameBeforeRunIsUsed) {
  os::RealClock clock;
  os::RealRandom random;
  Router router({}, clock, random, {});
  router.set_table(with(7, one_));
  router.stop();
  EXPECT_TRUE(router.run().has_value());
}

}  // namespace
}  // namespace tidegate::router
