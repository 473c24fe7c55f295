#include "backend/kubernetes/workload.h"

#include <gtest/gtest.h>

#include "backend/kubernetes/names.h"
#include "backend/kubernetes/pieces.h"
#include "base/json.h"
#include "os/file.h"
#include "os/sha256.h"
#include "support/temp_dir.h"

namespace tidegate::backend::kubernetes {
namespace {

constexpr const char* kDigest = "sha256:00112233";

VersionPlan some_plan() {
  VersionPlan plan{.version_id = "myservice-8f3c1d2e.2",
                   .workspace = "default",
                   .service_name = "myservice",
                   .compute_name = "myaks",
                   .interpreter = "/opt/env/bin/python",
                   .entry_script = "src/score.py",
                   .source_directory = "src",
                   .models = {{"mymodel", 3}},
                   .max_concurrent = 2,
                   .scoring_timeout_ms = 5500,
                   .body_max_bytes = 1000};
  plan.image = "registry:5000/azureml/azureml_1f@sha256:aa";
  plan.replica_secret = Secret("open-sesame");
  plan.resources = {.cpu = 0.25, .memory_gb = 0.5};
  plan.probe = {.period_s = 10, .initial_delay_s = 310, .timeout_s = 2, .failure_threshold = 3};
  return plan;
}

WorkloadOptions some_options() {
  return {.kube_namespace = "azureml-default",
          .agent_image = "registry:5000/tidegate/agent@sha256:bb",
          .registry = "registry:5000",
          .is_plain_http = true,
          .pull_secret = "tidegate-registry",
          .cache_folder = "/var/cache/tidegate"};
}

Json deployment(const VersionPlan& plan, const WorkloadOptions& options = some_options()) {
  return deployment_manifest(plan, *object_name(plan), kDigest, options, 0);
}

Json container(const VersionPlan& plan) {
  return deployment(plan)["spec"]["template"]["spec"]["containers"][0];
}

// Of a variable; null if it is not set.
Json variable(const VersionPlan& plan, const std::string& name) {
  const Json scoring = container(plan);
  for (const Json& one : scoring["env"]) {
    if (one["name"] == name) return one.contains("value") ? one["value"] : one["valueFrom"];
  }
  return nullptr;
}

std::string golden(const std::string& name) {
  os::Path path = os::Path(TIDEGATE_SOURCE_DIR) / "test/unit/backend/kubernetes" / name;
  return os::read_file(path).value_or("cannot read " + path.string());
}

TEST(KubernetesWorkload, DeploymentIsThis) {
  EXPECT_EQ(to_pretty_text(deployment(some_plan())) + "\n", golden("deployment.json"));
}

TEST(KubernetesWorkload, SecretIsThis) {
  VersionPlan plan = some_plan();
  EXPECT_EQ(to_text(secret_manifest(plan, *object_name(plan), some_options())),
            R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"myservice-2-8f3c1d2e",)"
            R"("namespace":"azureml-default","labels":{"app.kubernetes.io/managed-by":"tidegate",)"
            R"("app.kubernetes.io/component":"replica","tidegate.io/service":"myservice",)"
            R"("tidegate.io/version":"myservice-8f3c1d2e.2"}},)"
            R"("type":"Opaque","stringData":{"replica-secret":"open-sesame"}})");
}

TEST(KubernetesWorkload, TheSecretIsNotInTheDeployment) {
  EXPECT_EQ(to_text(deployment(some_plan())).find("open-sesame"), std::string::npos);
}

TEST(KubernetesWorkload, WithoutCacheAndLoginNothingOfThemIsThere) {
  WorkloadOptions options = some_options();
  options.pull_secret.clear();
  options.cache_max_gb = 5;
  std::string with_limit = to_text(deployment(some_plan(), options));
  EXPECT_NE(with_limit.find(R"("--cache-max-gb","5")"), std::string::npos) << with_limit;
  options.cache_folder.clear();
  options.is_plain_http = false;
  Json pod = deployment(some_plan(), options)["spec"]["template"]["spec"];
  EXPECT_FALSE(pod.contains("imagePullSecrets"));
  EXPECT_EQ(pod["volumes"].size(), 3U);
  EXPECT_EQ(
      pod["initContainers"][0]["args"],
      (Json{"pull", "--registry", "registry:5000", "--repository",
            "tidegate/apps/default/myservice", "--digest", kDigest, "--into", "/var/azureml-app",
            "--server-from", "/opt/tidegate/python", "--server-into", "/var/azureml-server"}));
}

TEST(KubernetesWorkload, ModelDataGoToTheClaimOfTheTarget) {
  VersionPlan plan = some_plan();
  plan.collects_model_data = true;
  plan.workspace_triple = "s/g/default";
  WorkloadOptions options = some_options();
  EXPECT_EQ(to_text(deployment(plan, options)), to_text(deployment(some_plan(), options)))
      << "the target has no claim";
  options.model_data_claim = "collected";
  EXPECT_EQ(to_text(deployment(some_plan(), options)), to_text(deployment(some_plan())))
      << "the service collects nothing";
  Json pod = deployment(plan, options)["spec"]["template"]["spec"];
  EXPECT_NE(to_text(pod["volumes"])
                .find(R"({"name":"storage","persistentVolumeClaim":{"claimName":"collected"}})"),
            std::string::npos);
  std::string scoring = to_text(pod["containers"][0]);
  for (const char* part : {R"({"name":"storage","mountPath":"/var/tidegate/storage"})",
                           R"({"name":"TIDEGATE_MODEL_DATA","value":"/var/tidegate/storage"})",
                           R"({"name":"AML_MODEL_DC_STORAGE_ENABLED","value":"true"})",
                           R"({"name":"TIDEGATE_WORKSPACE","value":"s/g/default"})"}) {
    EXPECT_NE(scoring.find(part), std::string::npos) << part << " in " << scoring;
  }
}

TEST(KubernetesWorkload, LimitsAreThoseThatAreGiven) {
  VersionPlan plan = some_plan();
  plan.resources = {.cpu = 0.1, .memory_gb = 0.1, .cpu_limit = 1.5, .memory_gb_limit = 2, .gpu = 1};
  EXPECT_EQ(to_text(container(plan)["resources"]),
            R"({"requests":{"cpu":"100m","memory":"102Mi"},)"
            R"("limits":{"cpu":"1500m","memory":"2048Mi","nvidia.com/gpu":"1"}})");
  EXPECT_EQ(resources_text(container(plan)), "cpu 100m, memory 102Mi, nvidia.com/gpu 1");
}

TEST(KubernetesWorkload, ResourcesAreNeverNothing) {
  VersionPlan plan = some_plan();
  plan.resources = {.cpu = 0.0001, .memory_gb = 0.0001};
  EXPECT_EQ(to_text(container(plan)["resources"]), R"({"requests":{"cpu":"1m","memory":"1Mi"}})");
}

TEST(KubernetesWorkload, VariablesOfTheEnvironmentWinButForOurs) {
  VersionPlan plan = some_plan();
  plan.variables = {{"SERVICE_NAME", "theirs"},     {"AML_APP_ROOT", "/elsewhere"},
                    {"HOSTNAME", "host"},           {"PATH", "/their/bin"},
                    {"TIDEGATE_LISTEN", "unix:/x"}, {"TIDEGATE_REPLICA_SECRET", "guess"}};
  EXPECT_EQ(variable(plan, "SERVICE_NAME"), "theirs");
  EXPECT_EQ(variable(plan, "HOSTNAME"), "host");
  EXPECT_EQ(variable(plan, "PATH"), "/opt/env/bin:/their/bin");
  EXPECT_EQ(variable(plan, "AML_APP_ROOT"), "/var/azureml-app");
  EXPECT_EQ(variable(plan, "TIDEGATE_LISTEN"), "tcp:0.0.0.0:5001");
  EXPECT_EQ(variable(plan, "TIDEGATE_REPLICA_SECRET")["secretKeyRef"]["name"],
            "myservice-2-8f3c1d2e");
}

TEST(KubernetesWorkload, TheImagesOwnPathStaysUnlessTheEnvironmentHasOne) {
  EXPECT_EQ(variable(some_plan(), "PATH"), nullptr);
  EXPECT_EQ(variable(some_plan(), "PYTHONPATH"), nullptr);
}

// Kubernetes would put the value of another variable in its place.
TEST(KubernetesWorkload, DollarsInVariablesAreJustDollars) {
  VersionPlan plan = some_plan();
  plan.variables = {{"MY", "$(SERVICE_NAME) costs 5$"}};
  EXPECT_EQ(variable(plan, "MY"), "$$(SERVICE_NAME) costs 5$$");
}

TEST(KubernetesWorkload, ThePullIsLimitedToWhatItAsksForAndToNoLessThanItNeeds) {
  auto memory_of_pull = [](const VersionPlan& plan) {
    Json pull = deployment(plan)["spec"]["template"]["spec"]["initContainers"][0];
    return pull["resources"]["limits"]["memory"];
  };
  VersionPlan plan = some_plan();
  plan.resources.memory_gb = 2;
  EXPECT_EQ(memory_of_pull(plan), "2048Mi");
  plan.resources.memory_gb = 0.05;
  EXPECT_EQ(memory_of_pull(plan), "128Mi");
}

TEST(KubernetesWorkload, AReplicaHasAsLongForInitAsTheLivenessProbeWouldGive) {
  VersionPlan plan = some_plan();
  plan.probe = {.period_s = 5, .initial_delay_s = 20, .timeout_s = 3, .failure_threshold = 2};
  Json scoring = container(plan);
  EXPECT_EQ(scoring["startupProbe"]["failureThreshold"], 30);
  EXPECT_EQ(scoring["startupProbe"]["periodSeconds"], 1);
  EXPECT_EQ(scoring["livenessProbe"]["failureThreshold"], 2);
  EXPECT_EQ(scoring["livenessProbe"]["periodSeconds"], 5);
  EXPECT_EQ(scoring["livenessProbe"]["timeoutSeconds"], 3);
}

TEST(KubernetesNames, ObjectsAreNamedByServiceGenerationAndId) {
  VersionPlan plan = some_plan();
  EXPECT_EQ(*object_name(plan), "myservice-2-8f3c1d2e");
  plan.service_name = "a-service-whose-name-has-all-32-c";
  plan.version_id = "a-service-8f3c1d2e.1234567";
  std::string name = *object_name(plan);
  EXPECT_EQ(name, "a-service-whose-name-has-all-1234567-8f3c1d2e");
  EXPECT_LE(name.size(), kObjectNameMax);
}

TEST(KubernetesNames, AnIdThatIsNoLabelIsRefused) {
  VersionPlan plan = some_plan();
  plan.version_id = "no/label.1";
  EXPECT_EQ(object_name(plan).error().code, Code::invalid);
  for (const char* text : {"", ".a", "a-", "a b"}) EXPECT_FALSE(is_label_value(text)) << text;
  EXPECT_FALSE(is_label_value(std::string(64, 'a')));
  EXPECT_TRUE(is_label_value("myservice-8f3c1d2e.2"));
}

TEST(KubernetesNames, RepositoriesAreLowerCase) {
  VersionPlan plan = some_plan();
  plan.workspace = "My__Team/ws-";
  EXPECT_EQ(repository_of(plan), "tidegate/apps/my_team-ws/myservice");
}

TEST(KubernetesPieces, ModelsComeFirstAndBlobsAreTakenAtTheirName) {
  test::TempDir folder;
  std::string digest(64, 'c');
  ASSERT_TRUE(os::write_file_quick(folder / "source.tar.gz", "tar"));
  VersionPlan plan = some_plan();
  plan.model_files = {{folder / digest, "azureml-models/m/3/run.sh", /*executable=*/true}};
  plan.source_archive = folder / "source.tar.gz";
  auto pieces = pieces_of(plan);
  ASSERT_TRUE(pieces.has_value()) << pieces.error().message;
  ASSERT_EQ(pieces->size(), 2U);
  EXPECT_EQ((*pieces)[0].sha256, digest);
  EXPECT_EQ((*pieces)[0].target, "azureml-models/m/3/run.sh");
  EXPECT_TRUE((*pieces)[0].executable);
  EXPECT_EQ((*pieces)[1].sha256, os::sha256_hex("tar"));
  EXPECT_TRUE((*pieces)[1].is_tar);
  EXPECT_EQ((*pieces)[1].target, "");
}

TEST(KubernetesPieces, AFileThatIsGoneIsNamed) {
  VersionPlan plan = some_plan();
  plan.source_archive = "/nowhere/source.tar.gz";
  EXPECT_NE(pieces_of(plan).error().message.find("/nowhere/source.tar.gz"), std::string::npos);
}

}  // namespace
}  // namespace tidegate::backend::kubernetes
