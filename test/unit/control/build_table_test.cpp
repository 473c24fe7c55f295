#include "control/build_table.h"

#include <gtest/gtest.h>

#include "os/sha256.h"
#include "plan_builder.h"

namespace tidegate::control {
namespace {

using store::VersionPhase;
using S = ServiceBuilder;
using O = ObservedBuilder;

World world_of(const ServiceWanted& service) {
  World world;
  world.services.push_back(service);
  return world;
}

std::vector<std::string> replicas_in(const std::vector<table::Service>& services) {
  std::vector<std::string> ids;
  for (const auto& replica : services.at(0).versions.at(0).replicas) ids.push_back(replica.id);
  return ids;
}

TEST(BuildTableTest, AServiceThatDoesNotServeYetIsKnownAndHasNobody) {
  World world = world_of(S().version(1, VersionPhase::preparing).replica("a").was_ready());
  EXPECT_TRUE(replicas_in(build_table(world, O().ready("a"))).empty());
  auto on_pods = build_cluster_table(world, Secret("key"));
  EXPECT_FALSE(on_pods.at(0).versions.at(0).from_pods);
}

TEST(BuildTableTest, AServiceWhoseFirstVersionFailedIsNotInIt) {
  EXPECT_TRUE(build_table(world_of(S().version(1, VersionPhase::draining)), O()).empty());
}

TEST(BuildTableTest, AServiceThatGoesIsNotInIt) {
  World world = world_of(S().deleting().version(1, VersionPhase::current).replica("a").was_ready());
  EXPECT_TRUE(build_table(world, O().ready("a")).empty());
}

TEST(BuildTableTest, OnlyTheCurrentVersionIsInIt) {
  World world = world_of(S().version(1, VersionPhase::draining)
                             .replica("old")
                             .was_ready()
                             .version(2, VersionPhase::current)
                             .replica("cur")
                             .was_ready()
                             .version(3, VersionPhase::preparing)
                             .replica("new")
                             .was_ready());
  auto services = build_table(world, O().ready("old").ready("cur").ready("new"));
  EXPECT_EQ(services.at(0).versions.at(0).id, "v2");
  EXPECT_EQ(replicas_in(services), std::vector<std::string>{"cur"});
}

TEST(BuildTableTest, TheDeadAndTheUnreadyAreNotInItButTheServiceIs) {
  World world = world_of(S().version(1, VersionPhase::current, 3)
                             .replica("dead")
                             .was_ready()
                             .replica("new")
                             .replica("going")
                             .was_ready()
                             .retiring());
  auto services = build_table(world, O().exited("dead", {}).starting("new").ready("going"));
  EXPECT_TRUE(replicas_in(services).empty());  // requests wait in the queue
}

TEST(BuildTableTest, EqualStatesGiveEqualTables) {
  World one = world_of(
      S().version(1, VersionPhase::current, 2).replica("b").was_ready().replica("a").was_ready());
  World two = world_of(
      S().version(1, VersionPhase::current, 2).replica("a").was_ready().replica("b").was_ready());
  Observed observed = O().ready("a").ready("b");
  EXPECT_EQ(build_table(one, observed), build_table(two, observed));
}

TEST(BuildTableTest, KeysAreThereAsHashesOnly) {
  ServiceWanted service = S().version(1, VersionPhase::current);
  service.stored.service.keys = {Secret("one"), Secret("two")};
  auto services = build_table(world_of(service), O());
  EXPECT_EQ(services.at(0).key_sha256,
            (std::vector<std::string>{os::sha256("one"), os::sha256("two")}));
}

}  // namespace
}  // namespace tidegate::control
