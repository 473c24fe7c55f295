#include "table/with_pods.h"

#include <gtest/gtest.h>

#include "table/router_page.h"

namespace tidegate::table {
namespace {

Table published() {
  Version pods{.id = "s.1", .name = "s", .replicas = {}, .from_pods = true};
  Version fixed{.id = "s.2", .name = "f", .replicas = {{.id = "r", .address = "unix:/r"}}};
  Service service{.workspace = "default", .name = "s", .key_sha256 = {}, .versions = {pods, fixed}};
  return {.version = 3, .services = {service}};
}

TEST(WithPods, NoPodsAreNoReplicas) {
  EXPECT_EQ(with_pods(published(), {}), published());
}

TEST(WithPods, WhatTheTableNamesForAVersionThatIsFromPodsDoesNotCount) {
  Table table = published();
  table.services[0].versions[0].replicas = {{.id = "stale", .address = "tcp:10.0.0.9:5001"}};
  EXPECT_EQ(with_pods(table, {}), published());
}

TEST(WithPods, EachVersionGetsItsPodsAndNobodyElsesDo) {
  const Table table = with_pods(published(), {{"a", "s.1", "tcp:10.0.0.1:5001"},
                                              {"b", "s.2", "tcp:10.0.0.2:5001"},
                                              {"c", "other.1", "tcp:10.0.0.3:5001"},
                                              {"d", "s.1", "tcp:10.0.0.4:5001"}});
  Table expected = published();
  expected.services[0].versions[0].replicas = {{.id = "a", .address = "tcp:10.0.0.1:5001"},
                                               {.id = "d", .address = "tcp:10.0.0.4:5001"}};
  EXPECT_EQ(table, expected);
}

TEST(RouterPage, IsJsonInThisForm) {
  EXPECT_EQ(to_json({.router_id = "ab", .table_version = 7, .busy = {"s.1"}}),
            R"({"routerId":"ab","tableVersion":7,"busy":["s.1"]})");
  EXPECT_EQ(to_json({}), R"({"routerId":"","tableVersion":0,"busy":[]})");
}

}  // namespace
}  // namespace tidegate::table
