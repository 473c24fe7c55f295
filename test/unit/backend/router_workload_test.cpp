#include "backend/kubernetes/router_workload.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "backend/kubernetes/labels.h"
#include "domain/yaml.h"
#include "os/base64.h"
#include "os/file.h"

namespace tidegate::backend::kubernetes {
namespace {

domain::ClusterAttachment attachment() {
  domain::ClusterAttachment out;
  out.kube_namespace = "azureml-default";
  out.agent_image = "registry.example:5000/tidegate/agent:0.1.0";
  out.registry.address = "registry.example:5000";
  out.link_token = Secret("link");
  return out;
}

Json of_kind(const std::vector<Json>& all, std::string_view kind) {
  for (const Json& one : all) {
    if (one["kind"] == kind) return one;
  }
  ADD_FAILURE() << "no " << kind;
  return {};
}

Json pod_of(const domain::ClusterAttachment& given) {
  return of_kind(router_manifests(given, ""), "Deployment")["spec"]["template"]["spec"];
}

TEST(RouterWorkload, ARouterMayReadPodsAndTheOneSecretAndNothingElse) {
  Json role = of_kind(router_manifests(attachment(), ""), "Role");
  EXPECT_EQ(role["rules"], Json::parse(R"([
      {"apiGroups":[""],"resources":["pods"],"verbs":["get","list","watch"]},
      {"apiGroups":[""],"resources":["secrets"],"resourceNames":["tidegate-table"],
       "verbs":["get","list","watch"]}])"));
}

TEST(RouterWorkload, ThePurposeSaysHowManyRoutersThereAre) {
  domain::ClusterAttachment given = attachment();
  EXPECT_EQ(of_kind(router_manifests(given, ""), "Deployment")["spec"]["replicas"], 3);
  given.purpose = domain::ClusterPurpose::dev_test;
  EXPECT_EQ(of_kind(router_manifests(given, ""), "Deployment")["spec"]["replicas"], 1);
}

TEST(RouterWorkload, ARolloutTakesNoRouterAwayBeforeAnotherIsReady) {
  Json strategy = of_kind(router_manifests(attachment(), ""), "Deployment")["spec"]["strategy"];
  EXPECT_EQ(strategy["rollingUpdate"], Json::parse(R"({"maxSurge":1,"maxUnavailable":0})"));
}

TEST(RouterWorkload, ARouterRunsWithoutRightsOnItsNode) {
  Json pod = pod_of(attachment());
  EXPECT_EQ(pod["securityContext"]["runAsNonRoot"], true);
  Json container = pod["containers"][0];
  EXPECT_EQ(container["securityContext"],
            Json::parse(R"({"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,
                            "capabilities":{"drop":["ALL"]}})"));
  EXPECT_EQ(container["args"],
            Json::parse(R"(["router","--kubernetes","--data","/var/lib/tidegate","--listen",
                            "0.0.0.0:8811"])"));
  EXPECT_EQ(container["env"][2]["valueFrom"]["secretKeyRef"],
            Json::parse(R"({"name":"tidegate-router","key":"link-token"})"));
}

TEST(RouterWorkload, WithoutAUserOfTheRegistryNothingIsSaidAboutPasswords) {
  EXPECT_FALSE(pod_of(attachment()).contains("imagePullSecrets"));
  std::vector<Json> secrets = secret_manifests(attachment());
  ASSERT_EQ(secrets.size(), 1U);
  EXPECT_EQ(secrets[0]["metadata"]["name"], "tidegate-router");
  EXPECT_EQ(secrets[0]["data"]["link-token"], "bGluaw==");
}

TEST(RouterWorkload, ThePasswordOfTheRegistryIsFoundByItsHost) {
  domain::ClusterAttachment given = attachment();
  given.registry = {.address = "registry.example:5000/team",
                    .is_plain_http = false,
                    .user = "ann",
                    .password = Secret("word")};
  EXPECT_EQ(pod_of(given)["imagePullSecrets"][0]["name"], "tidegate-registry");
  Json secret = secret_manifests(given).at(1);
  EXPECT_EQ(secret["type"], "kubernetes.io/dockerconfigjson");
  auto text = os::from_base64(secret["data"][".dockerconfigjson"].get<std::string>());
  EXPECT_EQ(Json::parse(text.value_or("")), Json::parse(R"({"auths":{"registry.example:5000":
      {"username":"ann","password":"word","auth":"YW5uOndvcmQ="}}})"));
}

TEST(RouterWorkload, OnlyADeploymentSaysWhoAttachedIt) {
  for (const Json& one : router_manifests(attachment(), "default/myaks")) {
    bool is_said = to_text(one).find("default/myaks") != std::string::npos;
    EXPECT_EQ(is_said, one["kind"] == "Deployment");
  }
}

TEST(RouterWorkload, EveryObjectOfTheNamespaceCarriesOurLabels) {
  std::vector<Json> all = router_manifests(attachment(), "");
  for (Json& one : secret_manifests(attachment())) all.push_back(std::move(one));
  all.push_back(table_manifest(attachment(), "table"));
  EXPECT_EQ(all.size(), 7U);
  for (const Json& one : all) {
    EXPECT_EQ(one["metadata"]["labels"][std::string(kManagedBy)], "tidegate") << to_text(one);
    EXPECT_EQ(one["metadata"]["namespace"], "azureml-default") << to_text(one);
  }
}

TEST(ManifestYaml, ReadsBackAsTheManifest) {
  Json manifest{
      {"text", "plain-text/x.y"},
      {"empty", ""},
      {"number like", "1.30"},
      {"word", "yes"},
      {".dotted", "a: b # c\n\"d\""},
      {"list", Json::array({1, "two", Json{{"a", Json::array({Json{{"b", 3}}})}, {"c", true}},
                            Json::array({1, 2})})},
      {"nothing", Json::object()},
      {"none", Json::array()},
      {"null", nullptr}};
  std::string text = to_yaml(manifest);
  auto back = domain::parse_yaml(text, "manifest");
  ASSERT_TRUE(back.has_value()) << back.error().message << "\n" << text;
  EXPECT_EQ(back->json, manifest) << text;
}

TEST(ManifestYaml, TheStreamShowsNoSecrets) {
  domain::ClusterAttachment given = attachment();
  given.registry.user = "ann";
  given.registry.password = Secret("word");
  std::string text = to_yaml_stream(given, "default/myaks");
  EXPECT_EQ(text.find("bGluaw"), std::string::npos);
  EXPECT_EQ(text.find(os::base64("ann:word")), std::string::npos);
  EXPECT_NE(text.find("kind: Namespace"), std::string::npos);
  EXPECT_NE(text.find("name: tidegate-table"), std::string::npos);
  EXPECT_NE(text.find(".dockerconfigjson\": \"\""), std::string::npos);
}

// deploy/kubernetes is for people who install from files: the same objects, for the defaults. The
// Secrets are left to attach, which knows the token.
TEST(ManifestFiles, SayTheSameAsAttachApplies) {
  const os::Path folder = os::Path(TIDEGATE_SOURCE_DIR) / "deploy/kubernetes";
  domain::ClusterAttachment given = attachment();
  given.agent_image = "tidegate/agent";  // kustomization.yaml puts the real name there
  std::vector<Json> all{namespace_manifest(given)};
  for (Json& one : router_manifests(given, "")) all.push_back(std::move(one));
  std::vector<std::string> wanted;
  for (const Json& one : all) {
    std::string kind = one["kind"];
    std::string name;
    for (char c : kind) {
      if (std::isupper(c) != 0 && !name.empty()) name += '-';
      name += static_cast<char>(std::tolower(c));
    }
    wanted.push_back(name + ".yaml");
    auto text = os::read_file(folder / wanted.back());
    EXPECT_EQ(text.value_or("(no file)"), to_yaml(one)) << wanted.back();
  }
  auto kustomization = os::read_file(folder / "kustomization.yaml");
  ASSERT_TRUE(kustomization.has_value());
  auto parsed = domain::parse_yaml(*kustomization, "kustomization.yaml");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->json["resources"], Json(wanted));
  EXPECT_EQ(parsed->json["images"][0]["name"], "tidegate/agent");
}

}  // namespace
}  // namespace tidegate::backend::kubernetes
