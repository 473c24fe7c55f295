#include "backend/kubernetes/attachment.h"

#include <gtest/gtest.h>

#include "backend/kubernetes/router_workload.h"
#include "base/json_path.h"
#include "support/fake_cluster.h"
#include "support/sim.h"

namespace tidegate::backend::kubernetes {
namespace {

class FakeRegistry final : public AgentRegistry {
 public:
  Result<> ping() override { return reached; }
  Result<std::optional<std::string>> pinned(const std::string& image) override {
    asked.push_back(image);
    return found;
  }
  Result<> reached;
  std::vector<std::string> asked;
  Result<std::optional<std::string>> found = "registry.example/tidegate/agent@sha256:1";
};

class AttachmentTest : public ::testing::Test {
 protected:
  AttachmentTest() {
    given_.kube_namespace = "azureml-default";
    given_.agent_image = "registry.example/tidegate/agent:1";
    given_.purpose = domain::ClusterPurpose::dev_test;
    given_.link_token = Secret("new-token");
  }

  Attachment attachment() {
    return Attachment(given_, "default/myaks",
                      {.client = cluster_,
                       .clock = clock_,
                       .sleep = [this](Milliseconds time) { clock_.advance(time); },
                       .on_line = [this](std::string_view line) { lines_.emplace_back(line); },
                       .first_table = "table"});
  }
  std::string complaints() {
    std::string text;
    domain::Complaints found = attachment().check(registry_);
    for (const auto& one : found.problems()) text += domain::line_of(one) + "\n";
    return text;
  }
  bool said(std::string_view text) const {
    return std::ranges::any_of(
        lines_, [&](const std::string& line) { return line.find(text) != std::string::npos; });
  }
  void put_service_of_ours() {
    cluster_.put(kube::kDeployment, "azureml-default",
                 Json::parse(R"({"metadata":{"name":"svc-1-abc","labels":{
                     "app.kubernetes.io/managed-by":"tidegate",
                     "app.kubernetes.io/component":"replica","tidegate.io/service":"svc"}}})"));
  }

  domain::ClusterAttachment given_;
  test::FakeCluster cluster_;
  FakeRegistry registry_;
  test::SimClock clock_;
  std::vector<std::string> lines_;
};

TEST_F(AttachmentTest, SaysEverythingThatIsMissingAtOnce) {
  cluster_.denied = {"create secrets", "patch secrets", "get pods/log", "create namespaces"};
  given_.service_type = "ClusterIP";
  registry_.found = std::nullopt;
  EXPECT_EQ(
      complaints(),
      "serviceType: must be NodePort or LoadBalancer, is \"ClusterIP\"\n"
      "kubeconfig: its user may not create namespaces in the cluster; grant it by a "
      "ClusterRole\n"
      "kubeconfig: its user may not get pods/log in namespace azureml-default; grant it by a "
      "Role\n"
      "kubeconfig: its user may not create, patch secrets in namespace azureml-default; grant "
      "it by a Role\n"
      "agentImage: registry.example/tidegate/agent:1 is not in the registry; "
      "`scripts/images agent` builds and pushes it, --agent-image names another\n");
}

TEST_F(AttachmentTest, AClusterThatIsAwayAndARegistryThatIsAwayAreBothSaid) {
  cluster_.away = Error{Code::unavailable, "https://10.0.0.1:6443 does not answer"};
  registry_.reached = fail(Code::unavailable, "nothing listens at registry.example");
  std::string text = complaints();
  EXPECT_NE(text.find("kubeconfig: https://10.0.0.1:6443 does not answer"), std::string::npos);
  EXPECT_NE(text.find("registry: nothing listens at registry.example"), std::string::npos);
}

TEST_F(AttachmentTest, ARegistryWithoutTlsIsToldHowToSaySo) {
  registry_.reached = fail(Code::unavailable, "registry.example:5000 does not speak TLS (x)");
  EXPECT_NE(complaints().find("--registry-plain-http"), std::string::npos);
}

TEST_F(AttachmentTest, ADefaultBaseImageThatCannotBePulledIsSaid) {
  domain::Complaints none;
  attachment().check_base_image(registry_, none);  // none is named: nothing is asked
  EXPECT_TRUE(registry_.asked.empty());
  given_.default_base_image = "registry.example/base:1";
  registry_.found = std::nullopt;
  domain::Complaints found;
  attachment().check_base_image(registry_, found);
  ASSERT_EQ(found.problems().size(), 1u);
  EXPECT_EQ(domain::line_of(found.problems()[0]),
            "defaultBaseImage: registry.example/base:1 is not in its registry; push it, or name "
            "another with --default-base-image");
  registry_.found = fail(Code::unavailable, "nothing listens at registry.example");
  domain::Complaints away;
  attachment().check_base_image(registry_, away);
  EXPECT_NE(domain::line_of(away.problems().at(0)).find("nothing listens"), std::string::npos);
  EXPECT_EQ(registry_.asked.size(), 2u);
}

TEST_F(AttachmentTest, AClaimThatIsNotThereIsSaid) {
  given_.model_data_claim = "collected";
  EXPECT_EQ(complaints(),
            "modelDataClaim: namespace azureml-default has no PersistentVolumeClaim collected; "
            "create it first, or name one that is there\n");
  cluster_.put(kube::kPersistentVolumeClaim, "azureml-default",
               Json::parse(R"({"metadata":{"name":"collected"}})"));
  EXPECT_EQ(complaints(), "");
}

TEST_F(AttachmentTest, TheRightToMakeNamespacesIsSaidAlsoByWhomTheyCannotBeSeen) {
  cluster_.denied = {"get namespaces", "create namespaces", "patch namespaces", "create pods/proxy",
                     "get pods/log"};
  std::string text = complaints();
  EXPECT_NE(
      text.find("its user may not get, create, patch namespaces in the cluster; grant it by a "
                "ClusterRole, unless namespace azureml-default is there already"),
      std::string::npos)
      << text;
  cluster_.denied = {"get namespaces", "create namespaces", "patch namespaces"};
  EXPECT_EQ(complaints(), "");  // somebody has given them one, and all in it
}

TEST_F(AttachmentTest, WhatHasGoneIsPutBackWithItsPort) {
  ASSERT_TRUE(attachment().install().has_value());
  std::vector<std::string> installed = cluster_.names();
  cluster_.objects.erase({"deployments", "azureml-default", "tidegate-router"});
  cluster_.objects.erase({"services", "azureml-default", "tidegate-router"});
  cluster_.ready_after = std::nullopt;  // it does not wait
  given_.scoring_base = "http://10.0.0.7:31999";
  auto restored = attachment().restore();
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(cluster_.names(), installed);
  const Json* service = cluster_.find(kube::kService, "azureml-default", "tidegate-router");
  ASSERT_NE(service, nullptr);
  EXPECT_EQ((*service)["spec"]["ports"][0]["nodePort"], 31999);
}

TEST_F(AttachmentTest, RoutersAreMadeAnewForAServiceAccountThatIsAndForNoOther) {
  auto account_of_pods = [this]() {
    const Json* routers = cluster_.find(kube::kDeployment, "azureml-default", "tidegate-router");
    return text_at(*routers, {"spec", "template", "metadata", "annotations", kOfAccount});
  };
  cluster_.uids["ServiceAccount"] = "first";
  ASSERT_TRUE(attachment().install().has_value());
  EXPECT_EQ(account_of_pods(), "first");
  ASSERT_TRUE(attachment().restore().has_value());
  EXPECT_EQ(account_of_pods(), "first");
  cluster_.objects.erase({"serviceaccounts", "azureml-default", "tidegate-router"});
  cluster_.uids["ServiceAccount"] = "second";
  ASSERT_TRUE(attachment().restore().has_value());
  EXPECT_EQ(account_of_pods(), "second");
}

TEST_F(AttachmentTest, WhatMayNotBePutBackIsNamed) {
  cluster_.refused_kind = "Deployment";
  auto restored = attachment().restore();
  ASSERT_FALSE(restored.has_value());
  EXPECT_EQ(restored.error().code, Code::forbidden);
  EXPECT_EQ(restored.error().message, "cannot patch Deployment");
}

TEST(ScoringBaseNow, FollowsTheServicesPortOrAddress) {
  const char* const at_port = R"({"spec":{"ports":[{"nodePort":31080}]}})";
  const char* const at_address = R"({"status":{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]}}})";
  EXPECT_EQ(scoring_base_now("http://10.0.0.7:31999", Json::parse(at_port)),
            "http://10.0.0.7:31080");
  EXPECT_EQ(scoring_base_now("http://[fd00::7]:31999", Json::parse(at_port)),
            "http://[fd00::7]:31080");
  EXPECT_EQ(scoring_base_now("http://lb.example", Json::parse(at_port)), "http://lb.example");
  EXPECT_EQ(scoring_base_now("http://9.9.9.9", Json::parse(at_address)), "http://1.2.3.4");
  EXPECT_EQ(scoring_base_now("http://10.0.0.7:31080", Json::object()), "http://10.0.0.7:31080");
}

TEST_F(AttachmentTest, AnOldClusterIsRefused) {
  cluster_.version = "v1.29.3";
  EXPECT_EQ(complaints(),
            "kubeconfig: the cluster is Kubernetes v1.29.3; 1.30 or newer is needed\n");
}

TEST_F(AttachmentTest, NoNodeThatTakesPodsIsSaid) {
  cluster_.objects.begin()->second["spec"] = {{"unschedulable", true}};
  EXPECT_NE(complaints().find("none of the cluster's 1 nodes is ready"), std::string::npos);
}

TEST_F(AttachmentTest, ANamespaceOfAnotherTargetIsRefused) {
  cluster_.put(kube::kNamespace, "", Json::parse(R"({"metadata":{"name":"azureml-default"}})"));
  cluster_.put(kube::kDeployment, "azureml-default",
               Json::parse(R"({"metadata":{"name":"tidegate-router","annotations":{
                   "tidegate.io/attached-as":"default/other"}}})"));
  EXPECT_EQ(complaints(),
            "namespace: azureml-default is attached already, as default/other; detach it there, or "
            "choose another namespace\n");
}

TEST_F(AttachmentTest, NothingIsMissingInAGoodCluster) {
  EXPECT_EQ(complaints(), "");
  EXPECT_TRUE(cluster_.applied.empty());
}

TEST_F(AttachmentTest, InstallMakesEverythingAndFindsTheNodePort) {
  auto installed = attachment().install();
  ASSERT_TRUE(installed.has_value()) << installed.error().message;
  EXPECT_EQ(installed->scoring_base, "http://10.0.0.7:31080");
  EXPECT_TRUE(installed->link_token == Secret("new-token"));
  const Json* table = cluster_.find(kube::kSecret, "azureml-default", "tidegate-table");
  ASSERT_NE(table, nullptr);
  EXPECT_EQ((*table)["data"]["table.pb"], "dGFibGU=");
  EXPECT_EQ(cluster_.applied,
            (std::vector<std::string>{"Namespace azureml-default", "Secret tidegate-router",
                                      "Secret tidegate-table", "ServiceAccount tidegate-router",
                                      "Role tidegate-router", "RoleBinding tidegate-router",
                                      "Service tidegate-router", "Deployment tidegate-router"}));
}

TEST_F(AttachmentTest, ATableAndATokenThatAreThereStay) {
  cluster_.put(kube::kNamespace, "", Json::parse(R"({"metadata":{"name":"azureml-default"}})"));
  cluster_.put(kube::kSecret, "azureml-default",
               Json::parse(R"({"metadata":{"name":"tidegate-table"},"data":{"table.pb":"eA=="}})"));
  cluster_.put(kube::kSecret, "azureml-default",
               Json::parse(R"({"metadata":{"name":"tidegate-router"},
                               "data":{"link-token":"b2xk"}})"));
  auto installed = attachment().install();
  ASSERT_TRUE(installed.has_value()) << installed.error().message;
  EXPECT_TRUE(installed->link_token == Secret("old"));
  const Json* table = cluster_.find(kube::kSecret, "azureml-default", "tidegate-table");
  EXPECT_EQ((*table)["data"]["table.pb"], "eA==");
  EXPECT_EQ(std::ranges::count(cluster_.applied, "Namespace azureml-default"), 0);
}

TEST_F(AttachmentTest, RoutersThatDoNotBecomeReadyEndTheWaitWithTheReason) {
  cluster_.ready_after.reset();
  cluster_.put(kube::kPod, "azureml-default",
               Json::parse(R"({"metadata":{"name":"tidegate-router-x",
      "labels":{"app.kubernetes.io/managed-by":"tidegate","app.kubernetes.io/component":"router"}},
      "status":{"containerStatuses":[{"state":{"waiting":{"reason":"ImagePullBackOff",
      "message":"Back-off pulling image"}}}]}})"));
  MonoTime begin = clock_.mono();
  auto installed = attachment().install();
  ASSERT_FALSE(installed.has_value());
  EXPECT_EQ(installed.error().code, Code::timed_out);
  EXPECT_EQ(
      installed.error().message,
      "the routers in namespace azureml-default are not ready after 120 s: 0 of 1 routers are "
      "ready; pod tidegate-router-x: ImagePullBackOff: Back-off pulling image");
  EXPECT_GE(clock_.mono() - begin, Milliseconds(120'000));
  EXPECT_LT(lines_.size(), 12U);  // each state is said once
}

TEST_F(AttachmentTest, ALoadBalancersAddressIsWaitedFor) {
  given_.service_type = "LoadBalancer";
  auto installed = attachment().install();
  ASSERT_FALSE(installed.has_value());
  EXPECT_NE(installed.error().message.find("got no address from a load balancer"),
            std::string::npos);
}

TEST_F(AttachmentTest, ARollbackLeavesNothing) {
  cluster_.refused_kind = "Deployment";
  ASSERT_FALSE(attachment().install().has_value());
  EXPECT_GT(cluster_.names().size(), 5U);
  ASSERT_TRUE(attachment().rollback().has_value());
  EXPECT_EQ(cluster_.names(), std::vector<std::string>{});
}

TEST_F(AttachmentTest, ARollbackLeavesServicesAlone) {
  ASSERT_TRUE(attachment().install().has_value());
  put_service_of_ours();
  ASSERT_TRUE(attachment().rollback().has_value());
  EXPECT_EQ(cluster_.names(),
            (std::vector<std::string>{"deployments/svc-1-abc", "namespaces/azureml-default"}));
}

TEST_F(AttachmentTest, DetachLeavesNothing) {
  ASSERT_TRUE(attachment().install().has_value());
  ASSERT_TRUE(attachment().uninstall(/*is_forced=*/false).has_value());
  EXPECT_EQ(cluster_.names(), std::vector<std::string>{});
}

TEST_F(AttachmentTest, DetachLeavesWhatIsSomebodyElses) {
  ASSERT_TRUE(attachment().install().has_value());
  cluster_.put(kube::kConfigMap, "azureml-default", Json::parse(R"({"metadata":{"name":"mine"}})"));
  ASSERT_TRUE(attachment().uninstall(/*is_forced=*/false).has_value());
  EXPECT_EQ(cluster_.names(),
            (std::vector<std::string>{"configmaps/mine", "namespaces/azureml-default"}));
  EXPECT_TRUE(said("namespace azureml-default stays: ConfigMap mine is in it"));
}

TEST_F(AttachmentTest, DetachLeavesANamespaceThatItDidNotMake) {
  cluster_.put(kube::kNamespace, "", Json::parse(R"({"metadata":{"name":"azureml-default"}})"));
  ASSERT_TRUE(attachment().install().has_value());
  ASSERT_TRUE(attachment().uninstall(/*is_forced=*/false).has_value());
  EXPECT_EQ(cluster_.names(), (std::vector<std::string>{"namespaces/azureml-default"}));
}

TEST_F(AttachmentTest, DetachIsRefusedWhileServicesAreDeployed) {
  ASSERT_TRUE(attachment().install().has_value());
  put_service_of_ours();
  auto done = attachment().uninstall(/*is_forced=*/false);
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, Code::conflict);
  EXPECT_NE(done.error().message.find("svc"), std::string::npos);
  ASSERT_TRUE(attachment().uninstall(/*is_forced=*/true).has_value());
  EXPECT_EQ(cluster_.names(), std::vector<std::string>{});
}

TEST_F(AttachmentTest, DetachLeavesTheNamespaceOfAnotherControl) {
  ASSERT_TRUE(attachment().install().has_value());
  Attachment other(given_, "default/other",
                   {.client = cluster_,
                    .clock = clock_,
                    .sleep = [this](Milliseconds time) { clock_.advance(time); },
                    .on_line = [this](std::string_view line) { lines_.emplace_back(line); },
                    .first_table = ""});
  std::vector<std::string> before = cluster_.names();
  ASSERT_TRUE(other.uninstall(/*is_forced=*/true).has_value());
  EXPECT_EQ(cluster_.names(), before);
  EXPECT_TRUE(said("attached as default/myaks now"));
}

TEST(AttachmentParts, AVersionIsReadByItsNumbers) {
  for (const char* good : {"v1.30.0", "v1.34.4", "1.31", "v2.0.0", "v1.30+"}) {
    EXPECT_TRUE(is_version_offered(good)) << good;
  }
  for (const char* bad : {"", "v1", "v1.29.9", "v0.40", "x"}) {
    EXPECT_FALSE(is_version_offered(bad)) << bad;
  }
}

TEST(AttachmentParts, AnAddressFromOutsideComesFirst) {
  EXPECT_EQ(address_of(Json::parse(R"({"status":{"addresses":[
      {"type":"InternalIP","address":"10.0.0.7"},{"type":"ExternalIP","address":"1.2.3.4"}]}})")),
            "1.2.3.4");
  EXPECT_EQ(address_of(Json::object()), "");
}

}  // namespace
}  // namespace tidegate::backend::kubernetes
