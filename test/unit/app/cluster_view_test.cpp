#include "app/cluster_view.h"

#include <gtest/gtest.h>

#include "os/base64.h"

namespace tidegate::app {
namespace {

Json pod_with(std::string_view change) {
  Json pod = parse_json(R"({
    "metadata": {"name": "s-1-abc", "labels": {"tidegate.io/version": "s.1"}},
    "status": {"podIP": "10.0.0.7", "conditions": [{"type": "PodScheduled", "status": "True"},
                                                   {"type": "Ready", "status": "True"}]}})",
                        "pod")
                 .value();
  pod.merge_patch(parse_json(change, "change").value());
  return pod;
}

table::Table table_of(std::uint64_t version, std::string service = "s") {
  table::Version pods{.id = "s.1", .name = "s", .replicas = {}, .from_pods = true};
  return {.version = version,
          .services = {{.workspace = "default",
                        .name = std::move(service),
                        .key_sha256 = {},
                        .versions = {pods},
                        .replica_secret = {}}}};
}

Json secret_with(const std::string& data) {
  return {{"data", {{"table.pb", data}}}};
}

TEST(ReadyReplica, OthersAreNone) {
  for (std::string_view change :
       {R"({"status": {"conditions": [{"type": "Ready", "status": "False"}]}})",
        R"({"status": {"conditions": [{"type": "ContainersReady", "status": "True"}]}})",
        R"({"status": {"conditions": null}})", R"({"status": {"conditions": "Ready"}})",
        R"({"status": null})", R"({"status": {"podIP": null}})", R"({"status": {"podIP": ""}})",
        R"({"status": {"podIP": 7}})",
        R"({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})",
        R"({"metadata": {"labels": null}})",
        R"({"metadata": {"labels": {"tidegate.io/version": ""}}})",
        R"({"metadata": {"name": null}})"}) {
    EXPECT_FALSE(ready_replica(pod_with(change)).has_value()) << change;
  }
  EXPECT_FALSE(ready_replica(Json("text")).has_value());
}

TEST(ReadyReplica, IsKnownByNameVersionAndAddress) {
  EXPECT_EQ(ready_replica(pod_with("{}")),
            (table::PodReplica{"s-1-abc", "s.1", "tcp:10.0.0.7:5001"}));
  EXPECT_EQ(ready_replica(pod_with(R"({"status": {"containerStatuses":
                                       [{"name": "scoring", "containerID": "c1"}]}})"))
                ->run,
            "c1");
  EXPECT_EQ(ready_replica(pod_with(R"({"status": {"podIP": "fd00::7"}})"))->address,
            "tcp:[fd00::7]:5001");
}

TEST(TableOfSecret, WhatIsWrongIsSaid) {
  for (const auto& [secret, what] :
       {std::pair<Json, std::string_view>(Json::object(), "is missing"),
        {secret_with(""), "is missing"},
        {secret_with("%%%"), "is no base64"},
        {secret_with(os::base64("rubbish")), "TGT1"}}) {
    Result<table::Table> table = table_of_secret(secret);
    ASSERT_FALSE(table.has_value());
    EXPECT_NE(table.error().message.find("tidegate-table"), std::string::npos);
    EXPECT_NE(table.error().message.find(what), std::string::npos) << table.error().message;
  }
}

TEST(TableOfSecret, IsTheTableThatWasPublished) {
  const table::Table table = table_of(7);
  EXPECT_EQ(table_of_secret(secret_with(os::base64(table::encode(table)))).value(), table);
}

TEST(PodsOnDisk, AreReadAsTheyWereWritten) {
  const Pods pods{{"a", "s.1", "tcp:10.0.0.1:5001", "c1"}, {"b", "s.2", "tcp:10.0.0.2:5001"}};
  EXPECT_EQ(pods_from_text(pods_to_text(pods)).value(), pods);
  EXPECT_EQ(pods_from_text(pods_to_text({})).value(), Pods{});
}

TEST(PodsOnDisk, ADamagedFileIsAnError) {
  for (std::string_view text : {"", "{}", "[1]", R"([{"id": "a"}])", "[{"}) {
    EXPECT_FALSE(pods_from_text(text).has_value()) << text;
  }
}

TEST(ClusterView, DecidesOnceTableAndPodsAreKnown) {
  ClusterView view;
  EXPECT_TRUE(view.take_table(table_of(7)));
  EXPECT_FALSE(view.table().has_value());
  EXPECT_TRUE(view.take_pods({{"b", "s.1", "tcp:b:1", "c1"}, {"a", "s.1", "tcp:a:1"}}));
  const table::Table table = view.table().value();
  EXPECT_EQ(table.version, 7U);
  EXPECT_EQ(table.services[0].versions[0].replicas,
            (std::vector<table::Replica>{{"a", "tcp:a:1"}, {"b", "tcp:b:1", "c1"}}));
  EXPECT_EQ(view.published(), table_of(7)) << "what is kept on disk has no pods in it";
}

TEST(ClusterView, TheSamePodsInAnotherOrderAreNoChange) {
  ClusterView view;
  EXPECT_TRUE(view.take_pods({}));
  EXPECT_FALSE(view.take_pods({}));
  EXPECT_TRUE(view.take_pods({{"b", "s.1", "tcp:b:1"}, {"a", "s.1", "tcp:a:1"}}));
  EXPECT_FALSE(view.take_pods({{"a", "s.1", "tcp:a:1"}, {"b", "s.1", "tcp:b:1"}}));
}

TEST(ClusterView, AnOlderTableAndTheSameAreIgnored) {
  ClusterView view;
  EXPECT_TRUE(view.take_table(table_of(7)));
  EXPECT_FALSE(view.take_table(table_of(6, "older")));
  EXPECT_FALSE(view.take_table(table_of(7)));
  EXPECT_EQ(view.published(), table_of(7));
  EXPECT_TRUE(view.take_table(table_of(8)));
}

TEST(ClusterView, AClusterWithoutATableServesNothingUnlessOneWasKnown) {
  ClusterView fresh;
  EXPECT_TRUE(fresh.take_no_table());
  EXPECT_TRUE(fresh.take_pods({}));
  EXPECT_EQ(fresh.table(), table::Table{});
  EXPECT_TRUE(fresh.take_table(table_of(1)));
  EXPECT_FALSE(fresh.take_no_table());
  EXPECT_EQ(fresh.published(), table_of(1));
}

}  // namespace
}  // namespace tidegate::app
