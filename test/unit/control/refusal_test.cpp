// Create requests that must be refused: all that is wrong is said at once, and afterwards rows and
// files are as if nobody had asked.
#include "control_fixture.h"

namespace tidegate::control {
namespace {

class RefusalTest : public ControlTest {
 protected:
  // What must be said, each text somewhere in the answer.
  void expect_refused(const std::function<Json()>& make_request, int status,
                      const std::vector<std::string>& said, const std::string& query = "") {
    auto rows = row_counts();
    auto files = file_tree();
    Answer answer = mms("POST", "services" + query, make_request());
    EXPECT_EQ(answer.status, status) << answer.body;
    for (const std::string& text : said) {
      EXPECT_NE(answer.body.find(text), std::string::npos) << text << " in " << answer.body;
    }
    EXPECT_EQ(row_counts(), rows) << answer.body;
    EXPECT_EQ(file_tree(), files) << answer.body;
    EXPECT_EQ(service("bad-one").value("code", ""), "NotFound");
  }

  Json with_script(const std::string& text) {
    return request_for("bad-one", upload_source({{"score.py", text}, {"helper.py", ""}}));
  }
};

TEST_F(RefusalTest, ManyProblemsAreSaidAtOnce) {
  register_model("mymodel");
  register_model("mymodel");
  expect_refused(
      [&] {
        Json request = with_script("def init(): pass");
        request["computeName"] = "nowhere";
        request["numReplicas"] = "three";
        request["environmentImageRequest"]["modelIds"] = {"mymodel:7", "mymodle:1", "nonsense"};
        request["aadAuthEnabled"] = true;
        request["authEnabled"] = false;
        return request;
      },
      400,
      {"there is no compute target \\\"nowhere\\\"; there are: machine", "numReplicas",
       "there is no model mymodel:7; versions of mymodel: 1, 2", "did you mean mymodel?",
       "nonsense", "token authentication is not offered yet", "does not define run()"});
}

TEST_F(RefusalTest, ASyntaxErrorIsNamedByLineAndColumn) {
  expect_refused([&] { return with_script("def init():\n  pass\ndef run(:\n  pass\n"); }, 400,
                 {"src/score.py", "line 3, column 9"});
}

TEST_F(RefusalTest, AScriptWithoutInitAndRun) {
  expect_refused([&] { return with_script("print(1)"); }, 400,
                 {"does not define init()", "does not define run()"});
}

TEST_F(RefusalTest, AScriptThatIsNotThere) {
  expect_refused(
      [&] {
        return request_for("bad-one", upload_source({{"main.py", kGoodScript}, {"x/y.py", ""}}));
      },
      400, {"src/score.py", "src/main.py, src/x/y.py"});
}

TEST_F(RefusalTest, AScriptThatIsNoPython) {
  expect_refused(
      [&] {
        Json request = with_script(kGoodScript);
        request["environmentImageRequest"]["environment"]["environmentVariables"]
               ["AZUREML_ENTRY_SCRIPT"] = "src/score.sh";
        return request;
      },
      400, {"src/score.sh", "ends with .py"});
}

TEST_F(RefusalTest, AScriptOutsideOfTheSource) {
  expect_refused(
      [&] {
        Json request = with_script(kGoodScript);
        request["environmentImageRequest"]["environment"]["environmentVariables"]
               ["AZUREML_ENTRY_SCRIPT"] = "../../../etc/score.py";
        return request;
      },
      400, {"no such entry script"});
}

TEST_F(RefusalTest, ASourceThatIsNoArchive) {
  expect_refused([&] { return request_for("bad-one", upload("source.tar.gz", "no archive")); }, 400,
                 {"environmentImageRequest.assets", "source.tar.gz"});
}

TEST_F(RefusalTest, AnAssetThatIsNotThere) {
  expect_refused([&] { return request_for("bad-one", "0123"); }, 400, {"no asset 0123"});
}

TEST_F(RefusalTest, NoSourceAtAll) {
  expect_refused(
      [&] {
        Json request = request_for("bad-one", "0123");
        request["environmentImageRequest"]["assets"] = Json::array();
        return request;
      },
      400, {"environmentImageRequest.assets", "are missing"});
}

TEST_F(RefusalTest, DockerStepsWithoutTheFlag) {
  auto request = [&] {
    Json with_steps = with_script(kGoodScript);
    with_steps["environmentImageRequest"]["environment"]["docker"] = {{"baseDockerfile", "FROM x"},
                                                                      {"baseImage", nullptr}};
    return with_steps;
  };
  expect_refused(request, 400, {"docker.baseDockerfile", "--ignore-docker-steps"});
}

TEST_F(RefusalTest, AnInterpreterThatIsNotThere) {
  expect_refused(
      [&] {
        Json request = with_script(kGoodScript);
        request["environmentImageRequest"]["environment"]["python"]["interpreterPath"] =
            "/no/such/python";
        return request;
      },
      400, {"interpreterPath", "/no/such/python"});
}

TEST_F(RefusalTest, AnUnknownKeyOnlyWhenStrict) {
  auto request = [&] {
    Json with_key = with_script(kGoodScript);
    with_key["scoringTimeoutMS"] = 1;
    return with_key;
  };
  expect_refused(request, 400, {"scoringTimeoutMS", "scoringTimeoutMs"}, "?strict=true");
  Json loose = request();
  loose["name"] = "good-one";
  Json operation = deploy(loose);
  EXPECT_EQ(operation["state"], "Succeeded");
  EXPECT_NE(to_text(operation["tidegate"]["warnings"]).find("scoringTimeoutMs"), std::string::npos);
}

TEST_F(RefusalTest, ATakenNameIsAConflict) {
  ASSERT_EQ(deploy(good_request("taken"))["state"], "Succeeded");
  auto rows = row_counts();
  auto files = file_tree();
  Answer answer = mms("POST", "services", good_request("taken"));
  EXPECT_EQ(answer.status, 409) << answer.body;
  EXPECT_NE(answer.body.find("--overwrite"), std::string::npos);
  EXPECT_EQ(row_counts(), rows);
  EXPECT_EQ(file_tree(), files);
  EXPECT_EQ(service("taken")["state"], "Healthy");
}

TEST_F(RefusalTest, WhatAnotherServiceUsesIsNotDropped) {
  std::string asset = upload_source({{"score.py", kGoodScript}});
  ASSERT_EQ(deploy(request_for("first", asset))["state"], "Succeeded");
  auto rows = row_counts();
  auto files = file_tree();
  Json request = request_for("bad-one", asset);
  request["computeName"] = "nowhere";
  EXPECT_EQ(mms("POST", "services", request).status, 400);
  EXPECT_EQ(row_counts(), rows);
  EXPECT_EQ(file_tree(), files);
}

TEST_F(RefusalTest, ThePreflightSaysTheSameBeforeAnythingIsUploaded) {
  auto rows = row_counts();
  Json request = request_for("bad-one", "x");
  request["environmentImageRequest"]["assets"] = Json::array();
  request["computeName"] = "nowhere";
  Json body{{"type", "Create"},
            {"serviceName", "bad-one"},
            {"createRequest", request},
            {"updateRequest", nullptr},
            {"entryScript", {{"name", "score.py"}, {"text", "def init(:"}}}};
  Answer answer = mms("POST", "services/validate", body);
  EXPECT_EQ(answer.status, 200);
  for (const char* text : {"nowhere", "score.py", "line 1, column 10"}) {
    EXPECT_NE(answer.body.find(text), std::string::npos) << text << " in " << answer.body;
  }
  body["createRequest"]["computeName"] = "machine";
  body["entryScript"]["text"] = kGoodScript;
  EXPECT_EQ(mms("POST", "services/validate", body).body, "{}");
  EXPECT_EQ(row_counts(), rows);
  EXPECT_FALSE(std::filesystem::exists(data_dir() / "staging" / "check"));
}

}  // namespace
}  // namespace tidegate::control
