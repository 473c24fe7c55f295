#include <gtest/gtest.h>

#include "domain/service.h"
#include "unit/domain/complaint_text.h"

namespace tidegate::domain {
namespace {

ServiceSpec deployed(const char* settings = "{}") {
  Json request =
      Json::parse(R"({"name":"svc","computeType":"AKS","kvTags":{"a":"b"},"properties":{"p":"q"},
    "environmentImageRequest":{"driverProgram":"d","modelIds":["m:1"],"assets":[{"id":"d"}],
      "environment":{"oldKey":1,"python":{"condaDependencies":{"dependencies":["numpy"]}}},
      "tidegate":{"origins":{"numpy":"c.yml:3"}}}})");
  request.update(Json::parse(settings));
  Complaints complaints;
  ServiceSpec spec = parse_service_request(request, complaints);
  EXPECT_TRUE(complaints.empty()) << text_of(complaints);
  spec.workspace = "default";
  return spec;
}

ServiceSpec patched(const ServiceSpec& current, const char* patch, std::string* complaints_text) {
  Complaints complaints;
  ServiceSpec spec = patch_service(current, Json::parse(patch), complaints);
  *complaints_text = text_of(complaints);
  return spec;
}

TEST(ServicePatch, ReplacesWhatItNamesAndKeepsTheRest) {
  std::string complaints;
  ServiceSpec before = deployed(R"({"maxQueueWaitMs":700})");
  ServiceSpec after = patched(before, R"([{"op":"replace","path":"/description","value":"new"},
      {"op":"replace","path":"/kvTags","value":{"x":"y"}},{"op":"add","path":"/properties/r","value":"s"},
      {"op":"replace","path":"/containerResourceRequirements/cpuLimit","value":2}])",
                              &complaints);
  EXPECT_EQ(complaints, "");
  EXPECT_EQ(after.description, "new");
  EXPECT_EQ(after.tags, (std::map<std::string, std::string>{{"x", "y"}}));
  EXPECT_EQ(after.properties, (std::map<std::string, std::string>{{"p", "q"}, {"r", "s"}}));
  EXPECT_EQ(after.settings.resources.cpu_limit, 2);
  EXPECT_EQ(after.settings.max_queue_wait_ms, 700);
  EXPECT_EQ(after.workspace, "default");
  EXPECT_EQ(after.workload.environment.origins.at("numpy"), "c.yml:3");
  EXPECT_EQ(to_json(after)["workload"], to_json(before)["workload"]);
}

TEST(ServicePatch, ANumberOfReplicasEndsAutoscalingAndTheOtherWayRound) {
  std::string complaints;
  ServiceSpec fixed =
      patched(deployed(), R"([{"op":"replace","path":"/numReplicas","value":3}])", &complaints);
  EXPECT_EQ(complaints, "");
  EXPECT_FALSE(fixed.settings.autoscaler.enabled);
  EXPECT_EQ(fixed.settings.replicas(), 3);

  ServiceSpec scaled =
      patched(fixed, R"([{"op":"replace","path":"/autoScaler/autoscaleEnabled","value":true},
      {"op":"replace","path":"/autoScaler/minReplicas","value":2}])",
              &complaints);
  EXPECT_EQ(complaints,
            "warning: autoScaler.autoscaleEnabled: autoscaling is not offered yet: the service "
            "stays at 2 "
            "(minReplicas)\n");
  EXPECT_TRUE(scaled.settings.autoscaler.enabled);
  EXPECT_EQ(scaled.settings.num_replicas, std::nullopt);
}

TEST(ServicePatch, ABranchOfTheWorkloadCanBeReplaced) {
  std::string complaints;
  ServiceSpec after = patched(
      deployed(), R"([{"op":"replace","path":"/environmentImageRequest/modelIds","value":["m:2"]},
      {"op":"add","path":"/environmentImageRequest/environment/environmentVariables/K","value":"V"}])",
      &complaints);
  EXPECT_EQ(after.workload.models, (std::vector<ModelRef>{{"m", 2}}));
  EXPECT_EQ(after.workload.environment.variables.at("K"), "V");
  EXPECT_EQ(after.workload.environment.origins.at("numpy"), "c.yml:3");
  EXPECT_FALSE(to_request(after)["environmentImageRequest"].contains("tidegate"));
}

TEST(ServicePatch, AGroupGivenWholeChangesItsMembers) {
  std::string complaints;
  ServiceSpec after = patched(
      deployed(R"({"containerResourceRequirements":{"cpu":2}})"),
      R"([{"op":"replace","path":"/containerResourceRequirements","value":{"memoryInGB":3}}])",
      &complaints);
  EXPECT_EQ(complaints, "");
  EXPECT_EQ(after.settings.resources.memory_gb, 3);
  EXPECT_EQ(after.settings.resources.cpu, 2);
}

TEST(ServicePatch, RemovedSettingsFallBackToTheDefault) {
  std::string complaints;
  ServiceSpec after =
      patched(deployed(R"({"maxQueueWaitMs":700})"),
              R"([{"op":"remove","path":"/maxQueueWaitMs"},{"op":"remove","path":"/kvTags/a"}])",
              &complaints);
  EXPECT_EQ(complaints, "");
  EXPECT_EQ(after.settings.max_queue_wait_ms, 500);
  EXPECT_TRUE(after.tags.empty());
}

struct Bad {
  const char* patch;
  const char* complaints;
};

TEST(ServicePatch, BadOnesAreToldWhatWouldBeRight) {
  for (
      const Bad& bad : {
          Bad{"[]", "No parameters provided to update.\n"},
          Bad{"{}", "No parameters provided to update.\n"},
          Bad{R"([{"op":"move","path":"/description"}])",
              "[0].op: must be replace, add or remove, is \"move\"\n"},
          Bad{R"([{"op":"replace","path":"/numReplica","value":1}])",
              "/numReplica: cannot be changed; did you mean /numReplicas?\n"},
          Bad{R"([{"op":"replace","path":"/name","value":"other"}])", "/name: cannot be changed\n"},
          Bad{R"([{"op":"replace","value":1}])", "path: cannot be changed\n"},
          Bad{R"([{"op":"remove","path":"/properties/p"}])",
              "/properties/p: properties can be added, not removed\n"},
          Bad{R"([{"op":"replace","path":"/imageId","value":"i:1"}])",
              "/imageId: services from images are not offered yet; change "
              "environmentImageRequest\n"},
          Bad{R"([{"op":"replace","path":"/numReplicas","value":0},{"op":"replace","path":"/authEnabled","value":"no"}])",
              "numReplicas: num_replicas must be greater than zero, is 0\n"
              "authEnabled: must be true or false, is the text \"no\"\n"},
          Bad{R"([{"op":"replace","path":"/autoScaler/minReplicas","value":2},{"op":"replace","path":"/numReplicas","value":2}])",
              "autoScaler.minReplicas: autoscale_min_replicas provided without enabling "
              "autoscaling: add "
              "autoScaler.autoscaleEnabled: true, or leave it out\n"},
          Bad{R"([{"op":"replace","path":"/autoScaler/autoscaleEnabled","value":false}])",
              "numReplicas: autoscale disabled but num_replicas not provided: add numReplicas\n"},
          Bad{R"([{"op":"replace","path":"/environmentImageRequest/assets/7/id","value":"x"}])",
              "/environmentImageRequest/assets/7/id: there is no such place in the service\n"},
      }) {
    std::string complaints;
    patched(deployed(), bad.patch, &complaints);
    EXPECT_EQ(complaints, bad.complaints) << bad.patch;
  }
}

TEST(ServicePatch, WhatWasOddBeforeIsNotSaidAgain) {
  std::string complaints;
  patched(deployed(R"({"appInsightsEnabled":true})"),
          R"([{"op":"replace","path":"/description","value":"d"}])", &complaints);
  EXPECT_EQ(complaints, "");
}

TEST(ServicePatch, WithoutAScriptTheEnvironmentIsThatOfTheModel) {
  ServiceSpec current = deployed();
  current.workload = {.models = {{"m", 1}}, .framework = "ScikitLearn"};
  current.workload.environment.raw = {{"name", "of m:1"}};
  std::string complaints;
  ServiceSpec same =
      patched(current, R"([{"op":"replace","path":"/maxQueueWaitMs","value":7}])", &complaints);
  EXPECT_EQ(to_json(same)["workload"], to_json(current)["workload"]);
  for (const char* patch :
       {R"([{"op":"replace","path":"/environmentImageRequest/modelIds","value":["m:2"]}])",
        R"([{"op":"replace","path":"/environmentImageRequest","value":{"modelIds":["m:2"]}}])"}) {
    ServiceSpec other = patched(current, patch, &complaints);
    EXPECT_EQ(complaints, "");
    EXPECT_EQ(other.workload.models, (std::vector<ModelRef>{{"m", 2}}));
    EXPECT_EQ(other.workload.framework, "");  // to be filled in again
    EXPECT_FALSE(other.workload.has_code());
  }
  EXPECT_TRUE(needs_new_replicas(deployed(), current));
}

TEST(NewReplicas, AreNeededForWhatAReplicaSees) {
  ServiceSpec spec = deployed();
  auto changed = [&](auto change) {
    ServiceSpec other = spec;
    change(other);
    return needs_new_replicas(spec, other);
  };
  EXPECT_TRUE(changed([](ServiceSpec& s) { s.workload.models[0].version = 2; }));
  EXPECT_TRUE(changed([](ServiceSpec& s) { s.workload.assets[0].id = "e"; }));
  EXPECT_TRUE(changed(
      [](ServiceSpec& s) { s.workload.environment.raw["environmentVariables"]["K"] = "V"; }));
  EXPECT_TRUE(changed([](ServiceSpec& s) { s.settings.resources.cpu = 2; }));
  EXPECT_TRUE(changed([](ServiceSpec& s) { s.settings.max_concurrent_per_container = 2; }));
  EXPECT_TRUE(changed([](ServiceSpec& s) { s.settings.scoring_timeout_ms = 1; }));
  EXPECT_TRUE(changed([](ServiceSpec& s) { s.settings.collect_model_data = true; }));
  EXPECT_FALSE(changed([](ServiceSpec& s) { s.settings.num_replicas = 4; }));
  EXPECT_FALSE(changed([](ServiceSpec& s) { s.settings.auth_enabled = false; }));
  EXPECT_FALSE(changed([](ServiceSpec& s) { s.settings.max_queue_wait_ms = 1; }));
  EXPECT_FALSE(changed([](ServiceSpec& s) { s.tags["x"] = "y"; }));
}

}  // namespace
}  // namespace tidegate::domain
