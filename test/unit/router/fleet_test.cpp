#include "router/fleet.h"

#include <gtest/gtest.h>

namespace tidegate::router {
namespace {

using Ids = std::vector<std::string>;

class NoWatcher final : public SlotWatcher {
  void on_slot_freed(const std::shared_ptr<VersionState>&) override {}
};

table::Table table_with(std::uint64_t version, const Ids& replicas,
                        std::string version_id = "v.1") {
  table::Version config{.id = std::move(version_id), .name = "v", .replicas = {}};
  for (const std::string& id : replicas) {
    config.replicas.push_back({.id = id, .address = "unix:/tmp/" + id});
  }
  return {
      .version = version,
      .services = {{.workspace = "default", .name = "s", .key_sha256 = {}, .versions = {config}}}};
}

class Fleets : public ::testing::Test {
 protected:
  std::shared_ptr<Replica> replica(const RoutesPtr& routes, std::size_t index) {
    return routes->services().at(0).versions.at(0).replicas.at(index);
  }

  NoWatcher watcher_;
  Fleet fleet_{2, watcher_};
};

TEST_F(Fleets, AReplicaWhoseAddressIsUnreadableIsLeftOut) {
  table::Table table = table_with(1, {"a", "b"});
  table.services[0].versions[0].replicas[0].address = "nonsense";
  const RoutesPtr routes = fleet_.build(table);
  ASSERT_EQ(routes->services()[0].versions[0].replicas.size(), 1U);
  EXPECT_EQ(replica(routes, 0)->id, "b");
}

TEST_F(Fleets, NothingIsFoundThatIsNotInTheTable) {
  const RoutesPtr routes = fleet_.build(table_with(1, {"a"}));
  EXPECT_EQ(routes->find_service("default", "other"), nullptr);
  EXPECT_EQ(routes->find_service("other", "s"), nullptr);
  EXPECT_EQ(routes->find_version("v.2"), nullptr);
  EXPECT_NE(routes->find_service("default", "s"), nullptr);
  EXPECT_NE(routes->find_version("v.1"), nullptr);
  EXPECT_EQ(routes->table_version(), 1U);
}

TEST_F(Fleets, CountsAndQueuesSurviveANewTable) {
  const RoutesPtr first = fleet_.build(table_with(1, {"a"}));
  auto ticket = Ticket::claim(replica(first, 0), 1);
  const RoutesPtr second = fleet_.build(table_with(2, {"a", "b"}));
  EXPECT_EQ(replica(second, 0), replica(first, 0));
  EXPECT_EQ(replica(second, 0)->in_flight, 1U);
  EXPECT_EQ(first->services()[0].versions[0].state, second->services()[0].versions[0].state);
}

TEST_F(Fleets, AReplicaIsDrainedWhenNobodyCanClaimItAndNothingIsInFlight) {
  const RoutesPtr first = fleet_.build(table_with(1, {"a", "b"}));
  fleet_.all_cores_use(1);
  auto ticket = Ticket::claim(replica(first, 0), 1);
  fleet_.build(table_with(2, {}));
  EXPECT_EQ(fleet_.take_drained(), Ids{}) << "a core may still use table 1";
  fleet_.all_cores_use(2);
  EXPECT_EQ(fleet_.take_drained(), Ids{"b"}) << "something is in flight at a";
  EXPECT_TRUE(fleet_.is_waiting_for_any());
  ticket.reset();
  EXPECT_EQ(fleet_.take_drained(), Ids{"a"});
  EXPECT_EQ(fleet_.take_drained(), Ids{});
  EXPECT_FALSE(fleet_.is_waiting_for_any());
  EXPECT_EQ(fleet_.all_drained(), (Ids{"b", "a"}));
}

TEST_F(Fleets, AReplicaThatComesBackKeepsItsCountAndIsNotDrained) {
  const RoutesPtr first = fleet_.build(table_with(1, {"a"}));
  auto ticket = Ticket::claim(replica(first, 0), 1);
  fleet_.build(table_with(2, {}));
  const RoutesPtr third = fleet_.build(table_with(3, {"a"}));
  EXPECT_EQ(replica(third, 0), replica(first, 0));
  fleet_.all_cores_use(3);
  ticket.reset();
  EXPECT_EQ(fleet_.take_drained(), Ids{});
}

TEST_F(Fleets, OneThatWasReportedAndComesBackIsForgottenAsDrained) {
  fleet_.build(table_with(1, {"a"}));
  fleet_.build(table_with(2, {}));
  fleet_.all_cores_use(2);
  EXPECT_EQ(fleet_.take_drained(), Ids{"a"});
  fleet_.build(table_with(3, {"a"}));
  EXPECT_EQ(fleet_.all_drained(), Ids{});
}

TEST_F(Fleets, AnotherAddressIsAnotherReplica) {
  const RoutesPtr first = fleet_.build(table_with(1, {"a"}));
  auto ticket = Ticket::claim(replica(first, 0), 1);
  table::Table moved = table_with(2, {"a"});
  moved.services[0].versions[0].replicas[0].address = "unix:/tmp/elsewhere";
  EXPECT_EQ(replica(fleet_.build(moved), 0)->in_flight, 0U);
}

TEST_F(Fleets, AnotherRunOfTheSamePodIsAnotherReplica) {
  table::Table table = table_with(1, {"a"});
  table::Replica& pod = table.services[0].versions[0].replicas[0];
  pod.exit_record = "container 1";
  const RoutesPtr first = fleet_.build(table);
  auto ticket = Ticket::claim(replica(first, 0), 1);
  EXPECT_EQ(replica(fleet_.build(table), 0), replica(first, 0));
  pod.exit_record = "container 2";
  const RoutesPtr second = fleet_.build(table);
  EXPECT_EQ(replica(second, 0)->exit_record, "container 2");
  EXPECT_EQ(replica(second, 0)->in_flight, 0U) << "what the first run had ended with it";
}

TEST_F(Fleets, ANewTableEndsRests) {
  const RoutesPtr first = fleet_.build(table_with(1, {"a"}));
  replica(first, 0)->rest(policy::Outcome::not_sent, MonoTime());
  fleet_.build(table_with(2, {"a"}));
  EXPECT_FALSE(replica(first, 0)->is_resting(MonoTime()));
}

TEST_F(Fleets, BuildsOfOneVersionAreToldApart) {
  const RoutesPtr first = fleet_.build(table_with(7, {"a"}));
  EXPECT_EQ(fleet_.newest_build(), 1U);
  fleet_.all_cores_use(1);
  fleet_.build(table_with(7, {}));
  EXPECT_EQ(fleet_.take_drained(), Ids{}) << "a core may still use the build that has it";
  fleet_.all_cores_use(fleet_.newest_build());
  EXPECT_EQ(fleet_.take_drained(), Ids{"a"});
}

TEST_F(Fleets, BusyIsWhatIsInFlightOrQueuedAlsoOfVersionsThatWent) {
  const RoutesPtr first = fleet_.build(table_with(1, {"a", "b"}, "v.2"));
  EXPECT_EQ(fleet_.busy_versions(), Ids{});
  auto ticket = Ticket::claim(replica(first, 1), 1);
  const RoutesPtr second = fleet_.build(table_with(2, {"c"}, "v.1"));
  fleet_.all_cores_use(2);
  EXPECT_EQ(fleet_.busy_versions(), Ids{"v.2"});
  second->services()[0].versions[0].state->waiting = 1;
  EXPECT_EQ(fleet_.busy_versions(), (Ids{"v.1", "v.2"}));
  ticket.reset();
  fleet_.take_drained();
  EXPECT_EQ(fleet_.busy_versions(), Ids{"v.1"});
  second->services()[0].versions[0].state->waiting = 0;
  EXPECT_EQ(fleet_.busy_versions(), Ids{});
}

TEST_F(Fleets, WhatIsRememberedAsDrainedHasALimit) {
  for (std::uint64_t i = 1; i <= 10'050; ++i) {
    fleet_.build(table_with(i, {"r" + std::to_string(i)}));
    fleet_.all_cores_use(i);
    fleet_.take_drained();
  }
  EXPECT_EQ(fleet_.all_drained().size(), 10'000U);
  EXPECT_EQ(fleet_.all_drained().back(), "r10049");
}

}  // namespace
}  // namespace tidegate::router
