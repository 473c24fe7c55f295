// Deployments that name one model and nothing else: the same requests, rows and operations as any.
#include "control_fixture.h"

namespace tidegate::control {
namespace {

class NoCodeTest : public ControlTest {
 protected:
  void register_as(const std::string& name, const Json& framework) {
    Json model{{"name", name},
               {"url", "aml://asset/" + upload("model.pkl", "a pickle")},
               {"mimeType", "x"}};
    model.update(framework);
    Answer answer = mms("POST", "models", model);
    EXPECT_EQ(answer.status, 200) << answer.body;
  }
  Json request(const Json& image_request) {
    return Json{{"name", "svc"},
                {"computeType", "AKS"},
                {"computeName", "machine"},
                {"numReplicas", 1},
                {"environmentImageRequest", image_request}};
  }
  void expect_refused(const Json& image_request, const std::string& said) {
    auto rows = row_counts();
    auto files = file_tree();
    Answer answer = mms("POST", "services", request(image_request));
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_NE(answer.body.find(said), std::string::npos) << said << " in " << answer.body;
    EXPECT_EQ(answer.json()["details"].size(), 1u) << answer.body;
    EXPECT_EQ(row_counts(), rows);
    EXPECT_EQ(file_tree(), files);
    Json check{
        {"type", "Create"}, {"serviceName", "svc"}, {"createRequest", request(image_request)}};
    EXPECT_NE(mms("POST", "services/validate", check).body.find(said), std::string::npos);
  }
  std::string log_of(const Json& operation) {
    return ask("GET", kManagement + "/operations/" + operation["id"].get<std::string>() +
                          "/log?format=lines")
        .body;
  }
};

TEST_F(NoCodeTest, TheEnvironmentFollowsFromTheModelAndIsBuiltAsAnyOther) {
  register_as("mymodel", {{"framework", "ScikitLearn"}, {"frameworkVersion", "1.5.2"}});
  auto rows = row_counts();
  auto files = file_tree();
  Json operation = deploy(request({{"modelIds", {"mymodel:1"}}}));
  EXPECT_EQ(operation["state"], "Failed");  // uv is /bin/false here
  EXPECT_EQ(operation["error"]["code"], "EnvironmentBuildFailed");
  EXPECT_NE(log_of(operation).find(
                "No inference config: model mymodel:1 (ScikitLearn) is served by Tidegate's own "
                "script, with Python 3.11, scikit-learn==1.5.2, "),
            std::string::npos)
      << log_of(operation);
  rows["operations"] += 1;
  EXPECT_EQ(row_counts(), rows);
  EXPECT_EQ(file_tree(), files);
}

TEST_F(NoCodeTest, WithoutExactlyOneModelAnInferenceConfigIsNeeded) {
  register_as("a", {{"framework", "ScikitLearn"}});
  register_as("b", {{"framework", "ScikitLearn"}});
  const std::string said =
      "You must provide an InferenceConfig when deploying zero or multiple models.";
  expect_refused(Json::object(), said);
  expect_refused({{"modelIds", Json::array()}, {"assets", Json::array()}}, said);
  expect_refused({{"modelIds", {"a:1", "b:1"}}, {"environment", nullptr}}, said);
}

TEST_F(NoCodeTest, AFrameworkOrVersionWithoutAnEnvironmentIsRefused) {
  register_as("plain", Json::object());
  register_as("torch", {{"framework", "PyTorch"}, {"frameworkVersion", "2.0"}});
  register_as("old", {{"framework", "ScikitLearn"}, {"frameworkVersion", "0.19.1"}});
  expect_refused({{"modelIds", {"plain:1"}}}, "with model_framework set to None.");
  expect_refused({{"modelIds", {"torch:1"}}}, "with model_framework set to PyTorch.");
  expect_refused({{"modelIds", {"old:1"}}}, "scikit-learn before 0.22 has no packages");
  expect_refused({{"modelIds", {"plain:2"}}}, "there is no model plain:2; versions of plain: 1");
}

TEST_F(NoCodeTest, AServiceWithAScriptMayBecomeOneWithout) {
  register_as("mymodel", {{"framework", "ScikitLearn"}, {"frameworkVersion", "1.5.2"}});
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  Json without = Json::array({Json{{"op", "replace"},
                                   {"path", "/environmentImageRequest"},
                                   {"value", {{"modelIds", {"mymodel:1"}}}}}});
  Answer accepted = mms("PATCH", "services/svc", without);
  Json operation = follow(accepted);
  EXPECT_EQ(operation["error"]["code"], "EnvironmentBuildFailed") << to_text(operation);
  EXPECT_EQ(service("svc")["state"], "Healthy");  // the old one serves on
  EXPECT_EQ(service("svc")["environmentDetails"]["name"], "env");
}

}  // namespace
}  // namespace tidegate::control
