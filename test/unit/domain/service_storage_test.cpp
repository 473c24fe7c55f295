#include <gtest/gtest.h>

#include "domain/service.h"

namespace tidegate::domain {
namespace {

// No field has its default, so that a forgotten one shows.
ServiceSpec full_spec() {
  ServiceSpec spec;
  spec.workspace = "w";
  spec.name = "n";
  spec.compute_name = "c";
  spec.compute_type = "T";
  spec.description = "d";
  spec.tags = {{"a", "b"}};
  spec.properties = {{"p", "q"}};
  spec.settings = {.auth_enabled = false,
                   .token_auth_enabled = true,
                   .app_insights_enabled = true,
                   .collect_model_data = true,
                   .num_replicas = 7,
                   .autoscaler = {true, 2, 3, 4, 5},
                   .resources = {1.5, 2.5, 3.5, 4.5, 6},
                   .probe = {11, 12, 13, 14, 15},
                   .max_concurrent_per_container = 21,
                   .max_queue_wait_ms = 22,
                   .scoring_timeout_ms = 23,
                   .kubernetes_namespace = "ns"};
  spec.workload = {.driver_program = "drv",
                   .assets = {{"id", "mime", true}},
                   .models = {{"m", 9}},
                   .environment = {.name = "e",
                                   .version = "1",
                                   .variables = {{"k", "v"}},
                                   .user_managed = true,
                                   .interpreter = "/p",
                                   .python_version = "3.8",
                                   .pip = {"x"},
                                   .conda = {"y"},
                                   .channels = {"z"},
                                   .base_image = "i",
                                   .base_dockerfile = "f",
                                   .raw = Json::parse(R"({"raw":[1,2]})"),
                                   .origins = {{"x", "c.yml:1"}}},
                   .framework = "F"};
  return spec;
}

TEST(ServiceStorage, NothingIsLost) {
  Json stored = to_json(full_spec());
  auto read = service_spec_from_json(Json::parse(to_text(stored)));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(to_json(*read), stored);
  EXPECT_EQ(read->settings.autoscaler.target_utilization, 5);
  EXPECT_EQ(read->settings.resources.gpu, 6);
  EXPECT_EQ(read->settings.kubernetes_namespace, "ns");
  EXPECT_EQ(read->workload.environment.origins.at("x"), "c.yml:1");
  EXPECT_EQ(read->workload.environment.raw, Json::parse(R"({"raw":[1,2]})"));
  EXPECT_EQ(read->workload.framework, "F");
  EXPECT_EQ(to_request(*read), to_request(full_spec()));
}

TEST(ServiceStorage, WhatWasStoredBeforeThereWereScriptsOfOursHasAScript) {
  Json stored = to_json(full_spec());
  stored["workload"].erase("framework");
  EXPECT_EQ(service_spec_from_json(stored)->workload.framework, "");
}

TEST(ServiceStorage, AbsentOptionsStayAbsent) {
  ServiceSpec spec = full_spec();
  spec.settings.num_replicas.reset();
  spec.settings.resources.gpu.reset();
  auto read = service_spec_from_json(to_json(spec));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->settings.num_replicas, std::nullopt);
  EXPECT_EQ(read->settings.resources.gpu, std::nullopt);
}

TEST(ServiceStorage, WhatIsDamagedOrOfAnotherFormIsAnError) {
  Json stored = to_json(full_spec());
  for (const char* part : {"settings", "workload", "form"}) {
    Json damaged = stored;
    damaged.erase(part);
    EXPECT_FALSE(service_spec_from_json(damaged).has_value()) << part;
  }
  Json wrong_type = stored;
  wrong_type["name"] = 7;
  EXPECT_FALSE(service_spec_from_json(wrong_type).has_value());
  EXPECT_FALSE(service_spec_from_json(Json("x")).has_value());
}

}  // namespace
}  // namespace tidegate::domain
