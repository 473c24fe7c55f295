#include "backend/local/launch.h"

#include <gtest/gtest.h>

namespace tidegate::backend::local {
namespace {

VersionPlan some_plan() {
  return {.version_id = "8f3c.2",
          .workspace = "default",
          .service_name = "myservice",
          .compute_name = "myaks",
          .interpreter = "/env/venv/bin/python",
          .entry_script = "src/score.py",
          .source_directory = "src",
          .models = {{"mymodel", 3}},
          .max_concurrent = 2,
          .scoring_timeout_ms = 5000,
          .body_max_bytes = 1000};
}

Variables variables(const VersionPlan& plan, const Variables& passed = {}) {
  const std::string id = "r1";
  const std::string server = "/opt/server";
  const ReplicaView view{
      .app_root = "/var/azureml-app", .socket = "/var/tidegate/run/s", .tmp = "/tmp"};
  return variables_of({plan, id, view, server, passed});
}

TEST(Launch, ReplicaGetsTheseVariables) {
  EXPECT_EQ(variables(some_plan(), {{"PATH", "/usr/bin"}, {"TZ", "UTC"}}),
            (Variables{{"AML_APP_ROOT", "/var/azureml-app"},
                       {"AZUREML_ENTRY_SCRIPT", "src/score.py"},
                       {"AZUREML_MODEL_DIR", "/var/azureml-app/azureml-models/mymodel/3"},
                       {"AZUREML_SOURCE_DIRECTORY", "src"},
                       {"COMPUTE_LOCATION", "local"},
                       {"COMPUTE_NAME", "myaks"},
                       {"COMPUTE_TYPE", "AKS"},
                       {"HOME", "/tmp"},
                       {"HOSTNAME", "r1"},
                       {"LANG", "C.UTF-8"},
                       {"PATH", "/env/venv/bin:/usr/bin"},
                       {"PYTHONPATH", "/opt/server"},
                       {"PYTHONUNBUFFERED", "1"},
                       {"SCORING_TIMEOUT_MS", "5000"},
                       {"SERVICE_ID", "8f3c"},
                       {"SERVICE_NAME", "myservice"},
                       {"SERVICE_PATH_PREFIX", "api/v1/service/myservice"},
                       {"TIDEGATE_BODY_MAX_BYTES", "1000"},
                       {"TIDEGATE_LISTEN", "unix:/var/tidegate/run/s"},
                       {"TIDEGATE_MAX_CONCURRENT", "2"},
                       {"TIDEGATE_STARTUP_ERROR", "/var/tidegate/run/startup_error.json"},
                       {"TMPDIR", "/tmp"},
                       {"TZ", "UTC"},
                       {"WORKSPACE_NAME", "default"}}));
}

TEST(Launch, WithoutAScriptTheFrameworkIsNamed) {
  VersionPlan plan = some_plan();
  plan.entry_script.clear();
  plan.framework = "Onnx";
  Variables out = variables(plan);
  EXPECT_EQ(out["TIDEGATE_NO_CODE"], "Onnx");
  EXPECT_FALSE(out.contains("AZUREML_ENTRY_SCRIPT"));
}

TEST(Launch, AReplicaThatCollectsIsToldWhere) {
  VersionPlan plan = some_plan();
  plan.collects_model_data = true;
  plan.workspace_triple = "s/g/Default";
  // What the environment says of it does not count: the deployment decides.
  plan.variables = {{"AML_MODEL_DC_STORAGE_ENABLED", "false"}, {"TIDEGATE_MODEL_DATA", "/etc"}};
  const std::string id = "r1";
  const std::string server = "/opt/server";
  const Variables none;
  ReplicaView view{.app_root = "/a", .socket = "/r/s", .tmp = "/tmp", .storage = "/storage"};
  Variables out = variables_of({plan, id, view, server, none});
  EXPECT_EQ(out["AML_MODEL_DC_STORAGE_ENABLED"], "true");
  EXPECT_EQ(out["TIDEGATE_MODEL_DATA"], "/storage");
  EXPECT_EQ(out["TIDEGATE_WORKSPACE"], "s/g/Default");
}

TEST(Launch, ModelFolderDependsOnTheNumberOfModels) {
  VersionPlan plan = some_plan();
  plan.models = {};
  EXPECT_FALSE(variables(plan).contains("AZUREML_MODEL_DIR"));
  plan.models = {{"a", 1}, {"b", 2}};
  EXPECT_EQ(variables(plan)["AZUREML_MODEL_DIR"], "/var/azureml-app/azureml-models");
}

TEST(Launch, EmptySourceFolderIsNoVariable) {
  VersionPlan plan = some_plan();
  plan.source_directory.clear();
  EXPECT_FALSE(variables(plan).contains("AZUREML_SOURCE_DIRECTORY"));
}

TEST(Launch, VariablesOfTheEnvironmentWinButForOurs) {
  VersionPlan plan = some_plan();
  plan.variables = {{"MY", "1"},
                    {"SERVICE_NAME", "theirs"},
                    {"SCORING_TIMEOUT_MS", "7"},
                    {"AML_APP_ROOT", "/elsewhere"},
                    {"TIDEGATE_LISTEN", "tcp:0.0.0.0:1"},
                    {"TIDEGATE_ANYTHING", "x"},
                    {"PYTHONPATH", "/theirs"},
                    {"PATH", "/their/bin"}};
  Variables out = variables(plan, {{"PATH", "/usr/bin"}});
  EXPECT_EQ(out["MY"], "1");
  EXPECT_EQ(out["SERVICE_NAME"], "theirs");
  EXPECT_EQ(out["SCORING_TIMEOUT_MS"], "7");
  EXPECT_EQ(out["AML_APP_ROOT"], "/var/azureml-app");
  EXPECT_EQ(out["TIDEGATE_LISTEN"], "unix:/var/tidegate/run/s");
  EXPECT_FALSE(out.contains("TIDEGATE_ANYTHING"));
  EXPECT_EQ(out["PYTHONPATH"], "/opt/server:/theirs");
  EXPECT_EQ(out["PATH"], "/env/venv/bin:/their/bin");
}

TEST(Launch, LittleOfOurOwnEnvironmentIsPassedOn) {
  Variables ours = {{"PATH", "/bin"},          {"LANG", "de_DE.UTF-8"},
                    {"OMP_NUM_THREADS", "1"},  {"https_proxy", "http://p"},
                    {"HOME", "/root"},         {"AWS_SECRET_ACCESS_KEY", "s"},
                    {"TIDEGATE_DATA", "/d"},   {"PYTHONHOME", "/x"},
                    {"OPENBLAS_CORETYPE", "H"}};
  EXPECT_EQ(passed_on(ours), (Variables{{"PATH", "/bin"},
                                        {"LANG", "de_DE.UTF-8"},
                                        {"OMP_NUM_THREADS", "1"},
                                        {"https_proxy", "http://p"},
                                        {"OPENBLAS_CORETYPE", "H"}}));
}

TEST(Launch, CommandIsTheServerInTheUsersPython) {
  EXPECT_EQ(command_of(some_plan(), "/opt/server"),
            (std::vector<std::string>{"/env/venv/bin/python", "/opt/server/tidegate_server"}));
}

}  // namespace
}  // namespace tidegate::backend::local
