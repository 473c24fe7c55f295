#include "control/router_pods.h"

#include <gtest/gtest.h>

#include "control/cluster_routers.h"
#include "os/base64.h"

namespace tidegate::control {
namespace {

using std::chrono::seconds;

const MonoTime kNow{std::chrono::hours(1)};

RouterAnswer at(std::uint64_t version, std::set<std::string> busy = {}) {
  return {"router", version, std::move(busy)};
}

TEST(RouterPageTest, IsReadOrRefusedWithAReason) {
  auto answer =
      parse_router_page(R"({"routerId": "r", "tableVersion": 7, "busy": ["s.1", "s.2"]})");
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->table_version, 7u);
  EXPECT_EQ(answer->busy, (std::set<std::string>{"s.1", "s.2"}));
  for (const char* bad :
       {"", "[]", "{}", R"({"tableVersion": "7", "busy": []})", R"({"tableVersion": 7})",
        R"({"tableVersion": -1, "busy": []})", R"({"tableVersion": 7, "busy": [7]})"}) {
    EXPECT_FALSE(parse_router_page(bad).has_value()) << bad;
  }
}

TEST(RouterPageTest, APodIsReadyByItsCondition) {
  Json pod = *parse_json(R"({"metadata": {"name": "p"}, "status": {"conditions": [
      {"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "False"}]}})",
                         "test");
  EXPECT_EQ(router_pod_of(pod).name, "p");
  EXPECT_FALSE(router_pod_of(pod).is_ready);
  pod["status"]["conditions"][1]["status"] = "True";
  EXPECT_TRUE(router_pod_of(pod).is_ready);
  EXPECT_FALSE(router_pod_of(Json::object()).is_ready);
}

TEST(RouterPodsTest, WithoutAPodNothingIsApplied) {
  RouterPods pods;
  EXPECT_FALSE(pods.all_applied(1, kNow));
  pods.set_pods({{"a", false}}, kNow);  // never was ready
  EXPECT_FALSE(pods.all_applied(1, kNow));
  EXPECT_FALSE(pods.version_drained("s.1", 1, kNow));
}

TEST(RouterPodsTest, EveryReadyPodHasToSaySo) {
  RouterPods pods;
  pods.set_pods({{"a", true}, {"b", true}, {"starting", false}}, kNow);
  pods.hear("a", at(7), kNow);
  EXPECT_FALSE(pods.all_applied(7, kNow));  // b has said nothing
  pods.hear("b", at(6), kNow);
  EXPECT_FALSE(pods.all_applied(7, kNow));
  pods.hear("b", at(8), kNow);
  EXPECT_TRUE(pods.all_applied(7, kNow));
  EXPECT_FALSE(pods.all_applied(8, kNow));
  EXPECT_EQ(pods.newest_seen(), 8u);
}

TEST(RouterPodsTest, AVersionHasDrainedWhenNobodyIsBusyWithItAtANewTable) {
  RouterPods pods;
  pods.set_pods({{"a", true}, {"b", true}}, kNow);
  pods.hear("a", at(7), kNow);
  pods.hear("b", at(6), kNow);  // may still send to it
  EXPECT_FALSE(pods.version_drained("s.1", 7, kNow));
  pods.hear("b", at(7, {"s.1"}), kNow);
  EXPECT_FALSE(pods.version_drained("s.1", 7, kNow));
  EXPECT_TRUE(pods.version_drained("s.2", 7, kNow));
  pods.hear("b", at(7), kNow);
  EXPECT_TRUE(pods.version_drained("s.1", 7, kNow));
}

TEST(RouterPodsTest, OneThatStopsBeingReadyCountsUntilItHasBeenSilentForLong) {
  RouterPods pods;
  pods.set_pods({{"a", true}, {"b", true}}, kNow);
  pods.hear("a", at(7), kNow);
  pods.hear("b", at(6), kNow);
  pods.set_pods({{"a", true}, {"b", false}}, kNow + seconds(1));
  EXPECT_FALSE(pods.all_applied(7, kNow + seconds(20)));
  EXPECT_TRUE(pods.all_applied(7, kNow + seconds(31)));
  pods.set_pods({{"a", true}}, kNow + seconds(2));  // or is gone
  EXPECT_TRUE(pods.all_applied(7, kNow + seconds(3)));
}

TEST(RouterPodsTest, WhatIsOutstandingIsTheTableOrTheRestOfAnOldVersion) {
  RouterPods pods;
  table::Table table;
  table.version = 7;
  table::Service service;
  service.versions.emplace_back().id = "s.2";
  table.services.push_back(service);
  EXPECT_TRUE(pods.is_outstanding(table, kNow));
  pods.set_pods({{"a", true}}, kNow);
  pods.hear("a", at(7, {"s.2"}), kNow);
  EXPECT_FALSE(pods.is_outstanding(table, kNow));
  pods.hear("a", at(7, {"s.1", "s.2"}), kNow);
  EXPECT_TRUE(pods.is_outstanding(table, kNow));
}

TEST(TableSecretTest, HoldsTheTable) {
  table::Table table;
  table.version = 7;
  Json secret = table_secret(table, {.kubeconfig = {}, .kube_namespace = "azureml-default"});
  EXPECT_EQ(secret["kind"], "Secret");
  EXPECT_EQ(secret["metadata"]["name"], "tidegate-table");
  EXPECT_EQ(secret["metadata"]["namespace"], "azureml-default");
  auto bytes = os::from_base64(secret["data"]["table.pb"].get<std::string>());
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(table::decode(*bytes).value(), table);
}

}  // namespace
}  // namespace tidegate::control
