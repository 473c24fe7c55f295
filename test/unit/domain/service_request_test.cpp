#include <gtest/gtest.h>

#include "domain/service.h"
#include "unit/domain/complaint_text.h"

namespace tidegate::domain {
namespace {

// As the platform's SDK sends it: absent settings are null.
const char* const kSdkRequest =
    R"({"name":"my-service","description":null,"kvTags":{"a":"b"},"properties":{"hasHttps":"False"},
  "keys":{"primaryKey":null,"secondaryKey":null},"computeType":"AKS","location":null,"numReplicas":null,
  "computeName":"myaks","namespace":null,"scoringTimeoutMs":null,"maxQueueWaitMs":null,
  "maxConcurrentRequestsPerContainer":null,
  "containerResourceRequirements":{"cpu":1,"cpuLimit":null,"memoryInGB":1,"memoryInGBLimit":null,"gpu":null},
  "livenessProbeRequirements":{"periodSeconds":null,"initialDelaySeconds":null,"timeoutSeconds":null,
                               "successThreshold":null,"failureThreshold":null},
  "environmentImageRequest":{"driverProgram":"asset-1","modelIds":["m:1","n:2","m:1"],
    "assets":[{"id":"asset-1","url":"aml://asset/1","mimeType":"application/x-python"},
              {"id":"asset-2","url":"aml://asset/2","mimeType":"application/octet-stream","unpack":true}],
    "environment":{"name":"e","python":{"condaDependencies":{"dependencies":["python=3.8",{"pip":["x"]}]}}}}})";

TEST(ServiceRequest, WhatTheSdkSendsIsTakenWithoutAWarning) {
  Complaints complaints;
  ServiceSpec spec = parse_service_request(Json::parse(kSdkRequest), complaints);
  EXPECT_EQ(text_of(complaints), "");
  EXPECT_EQ(spec.name, "my-service");
  EXPECT_EQ(spec.compute_name, "myaks");
  EXPECT_EQ(spec.tags.at("a"), "b");
  EXPECT_EQ(spec.settings.resources.cpu, 1);
  EXPECT_EQ(spec.settings.max_queue_wait_ms, 500);
  EXPECT_EQ(spec.workload.driver_program, "asset-1");
  ASSERT_EQ(spec.workload.assets.size(), 2U);
  EXPECT_TRUE(spec.workload.assets[1].unpack);
  EXPECT_EQ(spec.workload.models, (std::vector<ModelRef>{{"m", 1}, {"n", 2}}));
  EXPECT_EQ(spec.workload.environment.pip, std::vector<std::string>{"x"});
}

TEST(ServiceRequest, WithoutATargetTheMachineItselfIsMeant) {
  Json request = Json::parse(kSdkRequest);
  request.erase("computeName");
  Complaints complaints;
  EXPECT_EQ(parse_service_request(request, complaints).compute_name, "machine");
}

TEST(ServiceRequest, AllProblemsAreNamedAsInTheRequest) {
  Complaints complaints;
  parse_service_request(
      Json::parse(R"({"name":"X","computeType":"ACI","imageId":"img:1","numReplicas":-1,
      "kvTags":[1],"overwrit":true,
      "environmentImageRequest":{"assets":[{"mimeType":"x"},7],"modelIds":["m"],"environment":{"pyton":{}}}})"),
      complaints);
  EXPECT_EQ(text_of(complaints),
            "name: \"X\" is no service name: 3 to 32 lower-case letters, digits and '-', a letter "
            "first and no "
            "'-' at the end\n"
            "computeType: ACI is not offered yet; use AKS\n"
            "kvTags: must be an object, is a list\n"
            "imageId: services from images are not offered yet; use an environment\n"
            "numReplicas: num_replicas must be greater than zero, is -1\n"
            "environmentImageRequest.assets[0].id: is missing: an asset that was uploaded\n"
            "environmentImageRequest.assets[1]: must be an object, is the number 7\n"
            "environmentImageRequest.assets[1].id: is missing: an asset that was uploaded\n"
            "environmentImageRequest.modelIds: \"m\" names no version: write name:version, for "
            "example m:1\n"
            "environmentImageRequest.driverProgram: no entry script: give driverProgram, or "
            "AZUREML_ENTRY_SCRIPT in "
            "the environment's variables\n"
            "warning: overwrit: unknown key, ignored; did you mean overwrite?\n"
            "warning: environmentImageRequest.environment.pyton: unknown key, ignored; did you "
            "mean python?\n");
}

TEST(ServiceRequest, WhatIsMissingIsSaid) {
  for (const char* body : {"{}", "null", R"({"environmentImageRequest":null})"}) {
    Complaints complaints;
    parse_service_request(Json::parse(body), complaints);
    EXPECT_EQ(text_of(complaints),
              "name: \"\" is no service name: 3 to 32 lower-case letters, digits and '-', a letter "
              "first and no '-' "
              "at the end\n"
              "computeType: is missing: \"AKS\"\n"
              "environmentImageRequest: is missing: an inference config is needed\n")
        << body;
  }
}

TEST(ServiceRequest, ABodyThatIsNoObjectIsSaidSo) {
  Complaints complaints;
  parse_service_request(Json::parse("[1]"), complaints);
  EXPECT_FALSE(complaints.empty());
}

TEST(ServiceRequest, TooManyModelsAreRefused) {
  Json request = Json::parse(kSdkRequest);
  Json& models = request["environmentImageRequest"]["modelIds"];
  models = Json::array();
  for (int i = 1; i <= 1001; ++i) models.push_back("m:" + std::to_string(i));
  Complaints complaints;
  parse_service_request(request, complaints);
  EXPECT_EQ(text_of(complaints),
            "environmentImageRequest.modelIds: at most 1000 models per service, are 1001\n");
}

TEST(ServiceRequest, OneModelAloneNeedsNothingElse) {
  Json request = Json::parse(kSdkRequest);
  request["environmentImageRequest"] = {{"modelIds", {"m:1"}}};
  Complaints complaints;
  ServiceSpec spec = parse_service_request(request, complaints);
  EXPECT_EQ(text_of(complaints), "");
  EXPECT_FALSE(spec.workload.has_code());
  for (const char* models : {R"([])", R"(["m:1","n:1"])", "null"}) {
    request["environmentImageRequest"]["modelIds"] = Json::parse(models);
    Complaints found;
    parse_service_request(request, found);
    EXPECT_EQ(text_of(found),
              "environmentImageRequest.modelIds: You must provide an InferenceConfig when "
              "deploying zero or multiple models.\n");
  }
  request["environmentImageRequest"] = {{"modelIds", {"m:1"}}, {"driverProgram", "d"}};
  parse_service_request(request, complaints);
  EXPECT_EQ(text_of(complaints),
            "environmentImageRequest.environment: is missing: the environment that the script runs "
            "in\n");
}

TEST(ServiceRequest, AClientMaySayWhereItFoundAPackage) {
  Json request = Json::parse(kSdkRequest);
  request["environmentImageRequest"]["tidegate"] = {{"origins", {{"x", "conda.yml:7"}}}};
  Complaints complaints;
  ServiceSpec spec = parse_service_request(request, complaints);
  EXPECT_EQ(text_of(complaints), "");
  EXPECT_EQ(spec.workload.environment.origins.at("x"), "conda.yml:7");
  EXPECT_EQ(spec.workload.environment.origins.at("python=3.8"),
            "environmentImageRequest.environment.python.condaDependencies.dependencies[0]");
  EXPECT_FALSE(spec.workload.environment.raw.contains("tidegate"));
}

TEST(ServiceRequest, WrittenAgainItHasEveryMember) {
  Complaints complaints;
  Json again = to_request(parse_service_request(Json::parse(kSdkRequest), complaints));
  EXPECT_EQ(again["autoScaler"],
            Json::parse(R"({"autoscaleEnabled":true,"minReplicas":1,"maxReplicas":10,
      "refreshPeriodInSeconds":1,"targetUtilization":70})"));
  EXPECT_EQ(
      again["containerResourceRequirements"],
      Json::parse(
          R"({"cpu":1.0,"cpuLimit":null,"memoryInGB":1.0,"memoryInGBLimit":null,"gpu":null})"));
  EXPECT_EQ(again["dataCollection"],
            Json::parse(R"({"eventHubEnabled":false,"storageEnabled":false})"));
  EXPECT_EQ(again["environmentImageRequest"]["modelIds"], Json::parse(R"(["m:1","n:2"])"));
  EXPECT_FALSE(again.contains("keys"));
}

TEST(Keys, ASecondaryKeyAloneIsNotLookedAt) {
  Complaints complaints;
  EXPECT_TRUE(
      parse_keys(Json::parse(R"({"secondaryKey":"b"})"), "keys", complaints).secondary.empty());
  Keys keys =
      parse_keys(Json::parse(R"({"primaryKey":"a","secondaryKey":"b"})"), "keys", complaints);
  EXPECT_EQ(keys.primary.reveal(), "a");
  EXPECT_EQ(keys.secondary.reveal(), "b");
  EXPECT_EQ(text_of(complaints), "");
}

TEST(Keys, AKeyThatNoHeaderCanCarryIsRefusedWithoutShowingIt) {
  Complaints complaints;
  parse_keys(Json{{"primaryKey", "se cret"}, {"secondaryKey", std::string(513, 'x')}}, "keys",
             complaints);
  EXPECT_EQ(text_of(complaints),
            "keys.primaryKey: must be 1 to 512 printable characters without spaces\n"
            "keys.secondaryKey: must be 1 to 512 printable characters without spaces\n");
}

}  // namespace
}  // namespace tidegate::domain
