#include "cli/output.h"

#include <gtest/gtest.h>

#include "cli/shapes.h"

namespace tidegate::cli {
namespace {

TEST(Table, ShowsTheColumnsInOrderAndCutsTimes) {
  Json rows = Json::parse(R"([
    {"name":"a","updatedAt":"2026-11-24T10:29:56.123456Z","state":"Healthy","hidden":1},
    {"name":"long-name","updatedAt":"","state":null}])");
  EXPECT_EQ(as_table(rows, {"name", "updatedAt", "state"}),
            "Name       UpdatedAt            State\n"
            "---------  -------------------  -------\n"
            "a          2026-11-24T10:29:56  Healthy\n"
            "long-name\n");
}

TEST(Table, AnObjectIsOneRowOfAllItsMembers) {
  EXPECT_EQ(as_table(Json::parse(R"({"a":1,"b":{"c":2}})"), {}),
            "A  B\n-  -------\n1  {\"c\":2}\n");
  EXPECT_EQ(as_table(Json::array(), {"name"}), "");
}

TEST(Tsv, HasALinePerRow) {
  EXPECT_EQ(as_tsv(Json::parse(R"([{"a":1,"b":"x\ty"},{"a":2,"b":null}])")), "1\tx y\n2\t\n");
  EXPECT_EQ(as_tsv(Json::parse(R"(["x"])")), "x\n");
}

TEST(Shapes, ModelShowHasEveryMemberAndEmptyTextForWhatIsAbsent) {
  Json model =
      Json::parse(R"({"id":"m:3","name":"m","version":3,"createdTime":"2026-11-24T10:29:56Z",
      "kvTags":{},"properties":{"a":"b"},"description":null,"framework":"Onnx","url":"aml://asset/1","unpack":false,
      "resourceRequirements":{"cpu":1,"memoryInGB":0.5}})");
  EXPECT_EQ(
      to_text(short_model(model)),
      R"({"name":"m","id":"m:3","version":3,"framework":"Onnx","frameworkVersion":"",)"
      R"("createdTime":"2026-11-24T10:29:56Z","tags":"","properties":{"a":"b"},"description":"",)"
      R"("experimentName":"","runId":"","cpu":1,"memoryInGB":0.5,"gpu":"",)"
      R"("sampleInputDatasetId":"","sampleOutputDatasetId":""})");
  EXPECT_EQ(to_text(model_row(model)),
            R"({"name":"m","id":"m:3","version":3,"framework":"Onnx",)"
            R"("frameworkVersion":"","createdTime":"2026-11-24T10:29:56Z"})");
}

TEST(Shapes, ServiceShowSaysWhetherAKeyIsAskedForAndWhatIsolationIsInForce) {
  Json service = Json::parse(
      R"({"name":"s","imageId":null,"updatedTime":"T","computeType":"AKS","scoringUri":"http://x",
      "state":"Healthy","kvTags":{"a":"b"},"properties":{},"environmentDetails":{"name":"e"},"authEnabled":false,
      "numReplicas":2,"error":{"code":"X","message":"the new one is broken","details":[]},
      "tidegate":{"isolation":"bubblewrap","modelData":"/d/modeldata/s",
      "replicas":[{"phase":"ready"},{"phase":"starting"}]}})");
  EXPECT_EQ(
      to_text(short_service(service)),
      R"({"name":"s","imageId":"","updatedAt":"T","computeType":"AKS","scoringUri":"http://x","state":"Healthy",)"
      R"("tags":{"a":"b"},"properties":"","environmentDetails":{"name":"e"},"authEnabled":false,)"
      R"("replicas":{"ready":1,"wanted":2},"isolation":"bubblewrap","modelData":"/d/modeldata/s",)"
      R"("error":"the new one is broken"})");
}

TEST(Shapes, AServiceWithoutANumberOfReplicasWantsTheLeastOfItsScaler) {
  Json service = Json::parse(R"({"name":"s","numReplicas":null,"autoScaler":{"minReplicas":3}})");
  EXPECT_EQ(short_service(service)["replicas"], Json::parse(R"({"ready":0,"wanted":3})"));
  EXPECT_EQ(short_service(service)["error"], "");
}

TEST(Shapes, ComputeTargets) {
  Json compute =
      Json::parse(R"({"id":"/x/myaks","name":"myaks","location":"local","tags":{},"type":"t",
      "properties":{"provisioningState":"Succeeded","provisioningErrors":null,"computeType":"AKS"}})");
  EXPECT_EQ(
      to_text(short_compute(compute)),
      R"({"name":"myaks","provisioningState":"Succeeded","location":"local","provisioningErrors":""})");
  EXPECT_EQ(
      to_text(full_compute(compute)),
      R"({"id":"/x/myaks","name":"myaks","tags":"","location":"local","properties":{"provisioningState":)"
      R"("Succeeded","provisioningErrors":null,"computeType":"AKS"}})");
}

}  // namespace
}  // namespace tidegate::cli
