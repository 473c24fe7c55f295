#include <gtest/gtest.h>

#include "unit/cli/project.h"

namespace tidegate::cli {
namespace {

class UpdateTest : public testing::Test {
 protected:
  UpdateTest() {
    write_project(session);
    serve_deployment(session);
  }
  int update(const std::string& flags) { return session.run("service update -n svc " + flags); }
  Json patch() { return session.server.sent("PATCH services/svc"); }

  Session session;
};

TEST_F(UpdateTest, SettingsAloneAreOnePatchWithoutAnUpload) {
  EXPECT_EQ(update("--num-replicas 2 --mr 700 --cc 0.5 -ae false -d words --strict"), 0)
      << session.err;
  EXPECT_EQ(session.server.calls()[1], "PATCH services/svc?strict=true");
  EXPECT_EQ(fetch::Response{.headers = session.server.requests[1].headers}.header("content-type"),
            "application/json-patch+json");
  EXPECT_EQ(patch(), Json::parse(R"([
      {"op":"replace","path":"/numReplicas","value":2},
      {"op":"replace","path":"/authEnabled","value":false},
      {"op":"replace","path":"/containerResourceRequirements/cpu","value":0.5},
      {"op":"replace","path":"/maxQueueWaitMs","value":700},
      {"op":"replace","path":"/description","value":"words"}])"));
  EXPECT_EQ(session.result()["state"], "Healthy");
}

TEST_F(UpdateTest, SettingsOfAFileAreThoseThatItNames) {
  session.write("d.json", R"({"computeType":"AKS","tokenAuthEnabled":false,"gpuCores":0})");
  EXPECT_EQ(update("-dc d.json"), 0) << session.err;
  EXPECT_EQ(patch(), Json::parse(R"([{"op":"replace","path":"/aadAuthEnabled","value":false},
      {"op":"replace","path":"/containerResourceRequirements/gpu","value":0}])"));
}

TEST_F(UpdateTest, TagsAreChangedInTheWholeMapAndPropertiesAdded) {
  EXPECT_EQ(update("--add-tag new=2 --add-tag team=red --remove-tag old --add-property a/b~c=d"), 0)
      << session.err;
  EXPECT_EQ(patch(), Json::parse(R"([{"op":"add","path":"/properties/a~1b~0c","value":"d"},
      {"op":"replace","path":"/kvTags","value":{"team":"red","new":"2"}}])"));
  EXPECT_EQ(update("--remove-tag nosuch"), 1);
  EXPECT_EQ(session.err, "ERROR: --remove-tag: the service has no tag nosuch\n");
}

TEST_F(UpdateTest, NewCodeIsCheckedUploadedAndKeepsTheModels) {
  EXPECT_EQ(update("-ic inferenceconfig.json"), 0) << session.err;
  auto calls = session.server.calls();
  EXPECT_EQ(calls[0], "GET services/svc?expand=true");
  EXPECT_EQ(calls[1], "POST services/validate");
  Json check = session.server.sent("POST services/validate");
  EXPECT_EQ(check["type"], "Update");
  EXPECT_EQ(check["updateRequest"][0]["path"], "/environmentImageRequest");
  EXPECT_EQ(check["entryScript"]["name"], "score.py");
  Json value = patch()[0]["value"];
  EXPECT_EQ(value["modelIds"], Json::parse(R"(["m:1"])"));
  EXPECT_EQ(value["assets"][0]["id"], "asset-1");
  EXPECT_EQ(value["environment"]["environmentVariables"]["AZUREML_ENTRY_SCRIPT"], "work/score.py");
}

TEST_F(UpdateTest, AScriptAloneKeepsTheEnvironmentOfTheService) {
  EXPECT_EQ(update("-es score.py -m m:2"), 0) << session.err;
  Json value = patch()[0]["value"];
  EXPECT_EQ(value["environment"]["name"], "e");
  EXPECT_EQ(value["modelIds"], Json::parse(R"(["m:2"])"));
}

TEST_F(UpdateTest, ModelsAloneAreOneBranchOfTheService) {
  EXPECT_EQ(update("-m m:2 -m n:1"), 0) << session.err;
  EXPECT_EQ(
      patch(),
      Json::parse(
          R"([{"op":"replace","path":"/environmentImageRequest/modelIds","value":["m:2","n:1"]}])"));
}

TEST_F(UpdateTest, NothingToChangeIsAnError) {
  EXPECT_EQ(update(""), 1);
  EXPECT_EQ(session.err,
            "ERROR: No parameters provided to update. See `tidegate service update --help`\n");
}

TEST_F(UpdateTest, BadInputIsToldAtOnceAndNothingIsChanged) {
  EXPECT_EQ(update("--num-replicas none -m m -ic nowhere.json --add-tag x"), 1);
  EXPECT_EQ(
      session.said(),
      "ERROR: 4 problems, nothing was sent:\n"
      "  -nr/--num-replicas: must be a whole number, is the text \"none\"\n"
      "  --add-tag: must be key=value, is \"x\"\n"
      "  -m/--model: \"m\" names no version: write name:version, for example m:1\n"
      "  -ic/--inference-config-file: nowhere.json is not there: looked for WORK/nowhere.json\n");
  EXPECT_EQ(session.server.calls(), std::vector<std::string>{"GET services/svc?expand=true"});
}

TEST_F(UpdateTest, AnUnknownServiceIsTheServersWord) {
  session.server.on("GET services/svc", 404, Json{{"message", "there is no service svc"}});
  EXPECT_EQ(update("--num-replicas 2"), 1);
  EXPECT_EQ(session.err, "ERROR: there is no service svc\n");
}

TEST_F(UpdateTest, AFailedUpdateSaysThatTheOldVersionServesOn) {
  session.server.on(
      "GET operations/op-1", 200,
      Json::parse(R"({"state":"Failed","error":{"message":"the new one is broken"}})"));
  EXPECT_EQ(update("-m m:2"), 1);
  EXPECT_EQ(
      session.err,
      "ERROR: the new one is broken\n"
      "hint: the version before serves on; `tidegate service show -n svc` shows this error too\n");
}

TEST_F(UpdateTest, AnUpdateThatIsDoneAtOnceIsNotFollowed) {
  session.server.on("PATCH services/svc", 200, Json::object());
  EXPECT_EQ(update("--mr 700"), 0);
  EXPECT_EQ(session.server.calls().back(), "GET services/svc?expand=true");
  EXPECT_EQ(session.server.requests.size(), 3U);
}

}  // namespace
}  // namespace tidegate::cli
