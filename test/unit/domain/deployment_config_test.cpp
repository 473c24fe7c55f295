#include "domain/deployment_config.h"

#include <gtest/gtest.h>

#include "unit/domain/complaint_text.h"

namespace tidegate::domain {
namespace {

std::string complaints_of(const char* text) {
  Complaints complaints;
  parse_deployment_config(Json::parse(text), "d.json:", complaints);
  return text_of(complaints);
}

TEST(DeploymentConfig, TheFileOfTheDocumentsIsTakenWithoutAProblem) {
  Complaints complaints;
  auto config =
      parse_deployment_config(Json::parse(R"({"computeType":"aks","computeTargetName":"myaks",
        "autoScaler":{"autoscaleEnabled":true,"minReplicas":1,"maxReplicas":3,"refreshPeriodInSeconds":1,"targetUtilization":70},
        "dataCollection":{"storageEnabled":true},"authEnabled":true,
        "containerResourceRequirements":{"cpu":0.5,"memoryInGB":1.0}})"),
                              "d.json:", complaints);
  EXPECT_EQ(
      text_of(complaints),
      "warning: d.json: autoScaler.autoscaleEnabled: autoscaling is not offered yet: the service "
      "stays "
      "at 1 (minReplicas)\n");
  EXPECT_TRUE(config.settings.collect_model_data);
  EXPECT_EQ(config.compute_target_name, "myaks");
  EXPECT_EQ(config.settings.autoscaler.max_replicas, 3);
  EXPECT_EQ(config.settings.resources.cpu, 0.5);
}

TEST(DeploymentConfig, OnlyWhatIsGivenIsSentAndInTheRequestsSpelling) {
  Complaints complaints;
  auto config = parse_deployment_config(
      Json::parse(R"({"computeType":"AKS","numReplicas":2,"gpuCores":0,"tokenAuthEnabled":false,
                      "maxQueueWaitMs":null,"keys":{"primaryKey":"abc"}})"),
      "d.json:", complaints);
  EXPECT_EQ(text_of(complaints), "");
  EXPECT_EQ(config.request, Json::parse(R"({"numReplicas":2,"aadAuthEnabled":false,
      "containerResourceRequirements":{"gpu":0},"keys":{"primaryKey":"abc"}})"));
}

TEST(DeploymentConfig, DefaultsAreThoseOfTheServer) {
  Complaints complaints;
  auto config =
      parse_deployment_config(Json::parse(R"({"computeType":"AKS"})"), "d.json:", complaints);
  EXPECT_TRUE(config.settings.auth_enabled);
  EXPECT_TRUE(config.settings.autoscaler.enabled);
  EXPECT_EQ(config.settings.replicas(), 1);
  EXPECT_EQ(config.settings.scoring_timeout_ms, 60000);
  EXPECT_EQ(config.settings.probe.initial_delay_s, 310);
  EXPECT_EQ(config.request, Json::object());
}

struct Bad {
  const char* config;
  const char* complaints;
};

TEST(DeploymentConfig, BadOnesAreToldWhatWouldBeRight) {
  for (
      const Bad& bad : {
          Bad{R"({})", "d.json: computeType: is missing: write \"computeType\": \"AKS\"\n"},
          Bad{R"({"computeType":3})", "d.json: computeType: must be a text, is the number 3\n"},
          Bad{R"({"computeType":"gke"})",
              "d.json: computeType: unknown deployment type: gke; use AKS\n"},
          Bad{R"({"computeType":"ACI","location":"x","sslEnabled":true})",
              "d.json: computeType: ACI is not offered yet; use AKS: it runs on this machine "
              "too\n"},
          Bad{R"({"computeType":"local","port":32267})",
              "d.json: computeType: local is not offered yet; use AKS: it runs on this machine "
              "too\n"},
          Bad{R"({"computeType":"aksendpoint","versionName":"v1"})",
              "d.json: computeType: AKSENDPOINT (several versions behind one endpoint) is not "
              "offered yet; use AKS\n"
              "warning: d.json: versionName: has a meaning for AKSENDPOINT only, ignored\n"},
          Bad{R"({"computeType":"AKS","numReplicas":"3"})",
              "d.json: numReplicas: must be a whole number, is the text \"3\"\n"},
          Bad{R"({"computeType":"AKS","numReplicas":1.5})",
              "d.json: numReplicas: must be a whole number, is the number 1.5\n"},
          Bad{R"({"computeType":"AKS","numReplicas":0})",
              "d.json: numReplicas: num_replicas must be greater than zero, is 0\n"},
          Bad{R"({"computeType":"AKS","numReplicas":99999999999})",
              "d.json: numReplicas: is too large: 99999999999\n"},
          Bad{R"({"computeType":"AKS","authEnabled":"false"})",
              "d.json: authEnabled: must be true or false, is the text \"false\"\n"},
          Bad{R"({"computeType":"AKS","autoScaler":true})",
              "d.json: autoScaler: must be an object, is true\n"},
          Bad{R"({"computeType":"AKS","numReplicas":3,"autoScaler":{"autoscaleEnabled":true}})",
              "d.json: numReplicas: autoscale enabled and num_replicas provided: leave one of them "
              "out\n"
              "warning: d.json: autoScaler.autoscaleEnabled: autoscaling is not offered yet: the "
              "service stays at 1 (minReplicas)\n"},
          Bad{R"({"computeType":"AKS","autoScaler":{"autoscaleEnabled":false}})",
              "d.json: numReplicas: autoscale disabled but num_replicas not provided: add "
              "numReplicas\n"},
          Bad{R"({"computeType":"AKS","autoScaler":{"minReplicas":2}})",
              "d.json: autoScaler.minReplicas: autoscale_min_replicas provided without enabling "
              "autoscaling: add "
              "autoScaler.autoscaleEnabled: true, or leave it out\n"},
          Bad{R"({"computeType":"AKS","autoScaler":{"autoscaleEnabled":true,"minReplicas":5,"maxReplicas":3}})",
              "d.json: autoScaler.minReplicas: autoscale_min_replicas cannot be greater than "
              "autoscale_max_replicas (3), is 5\n"
              "warning: d.json: autoScaler.autoscaleEnabled: autoscaling is not offered yet: the "
              "service stays at 5 (minReplicas)\n"},
          Bad{R"({"computeType":"AKS","containerResourceRequirements":{"cpu":2,"cpuLimit":1,"memoryInGB":0,"memoryInGBLimit":0.1}})",
              "d.json: containerResourceRequirements.memoryInGB: memory_gb must be greater than "
              "zero, is 0\n"
              "d.json: containerResourceRequirements.cpuLimit: cpu_cores_limit must be greater "
              "than or equal to cpu_cores (2), is 1\n"},
          Bad{R"({"computeType":"AKS","gpuCores":-1})",
              "d.json: gpuCores: gpu_cores must be greater than or equal to zero, is -1\n"},
          Bad{R"({"computeType":"AKS","scoringTimeoutMs":300001})",
              "d.json: scoringTimeoutMs: scoring_timeout_ms must be at most 300000 (5 minutes), is "
              "300001\n"},
          Bad{R"({"computeType":"AKS","tokenAuthEnabled":true})",
              "d.json: authEnabled: auth_enabled and token_auth_enabled cannot both be true\n"
              "d.json: tokenAuthEnabled: tokens are not offered yet: leave it out and use keys\n"},
          Bad{R"({"computeType":"AKS","namespace":"My_Space"})",
              "d.json: namespace: namespace must be a valid Kubernetes namespace. Regex for "
              "validation is "
              "^[a-z0-9]([a-z0-9-]{,61}[a-z0-9])?$; is \"My_Space\"\n"
              "warning: d.json: namespace: has no effect on a process target\n"},
          Bad{R"({"computeType":"AKS","keys":{"primaryKey":"with space","secondary":"x"}})",
              "d.json: keys.primaryKey: must be 1 to 512 printable characters without spaces\n"
              "warning: d.json: keys.secondary: unknown key, ignored; did you mean "
              "secondaryKey?\n"},
          Bad{R"({"computeType":"AKS","livenessProbeRequirements":{"periodSeconds":0,"timeoutSeconds":"2"}})",
              "d.json: livenessProbeRequirements.periodSeconds: period_seconds must be greater "
              "than zero, is 0\n"
              "d.json: livenessProbeRequirements.timeoutSeconds: must be a whole number, is the "
              "text \"2\"\n"},
      }) {
    EXPECT_EQ(complaints_of(bad.config), bad.complaints) << bad.config;
  }
}

TEST(DeploymentConfig, UnknownKeysAreWarningsWithASuggestion) {
  EXPECT_EQ(complaints_of(R"({"computeType":"AKS","numReplica":3,"colour":"red",
                              "containerResourceRequirements":{"memoryInGb":1,"disk":2}})"),
            "warning: d.json: numReplica: unknown key, ignored; did you mean numReplicas?\n"
            "warning: d.json: colour: unknown key, ignored\n"
            "warning: d.json: containerResourceRequirements.memoryInGb: unknown key, ignored; did "
            "you mean memoryInGB?\n"
            "warning: d.json: containerResourceRequirements.disk: unknown key, ignored\n");
}

TEST(DeploymentConfig, AWholeNumberMayBeWrittenAsAReal) {
  Complaints complaints;
  auto config = parse_deployment_config(Json::parse(R"({"computeType":"AKS","numReplicas":2.0})"),
                                        "", complaints);
  EXPECT_EQ(text_of(complaints), "");
  EXPECT_EQ(config.settings.num_replicas, 2);
}

}  // namespace
}  // namespace tidegate::domain
