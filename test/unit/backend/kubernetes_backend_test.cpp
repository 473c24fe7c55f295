#include "backend/kubernetes/kubernetes_backend.h"

#include <gtest/gtest.h>

#include <thread>

#include "backend/kubernetes/labels.h"
#include "support/sim.h"
#include "unit/backend/watched_cluster.h"

namespace tidegate::backend::kubernetes {
namespace {

constexpr const char* kId = "myservice-8f3c1d2e.2";
constexpr const char* kName = "myservice-2-8f3c1d2e";

VersionPlan some_plan() {
  VersionPlan plan{.version_id = kId, .workspace = "default", .service_name = "myservice"};
  plan.interpreter = "/opt/env/bin/python";
  plan.image = "registry:5000/azureml/azureml_1f@sha256:aa";
  plan.replica_secret = Secret("open-sesame");
  return plan;
}

domain::ClusterAttachment some_attachment() {
  domain::ClusterAttachment out;
  out.kube_namespace = "azureml-default";
  out.agent_image = "registry:5000/tidegate/agent@sha256:bb";
  out.registry = {.address = "registry:5000", .is_plain_http = true};
  return out;
}

class KubernetesBackendTest : public ::testing::Test {
 protected:
  KubernetesBackend& backend() {
    if (!backend_) {
      backend_ = std::make_unique<KubernetesBackend>(
          some_attachment(), KubernetesBackend::Seams{.client = cluster_,
                                                      .push =
                                                          [this](const std::string& repository,
                                                                 const std::vector<oci::Piece>&) {
                                                            pushed_.push_back(repository);
                                                            return push_result_;
                                                          },
                                                      .clock = clock_,
                                                      .on_change = [] {}});
    }
    return *backend_;
  }
  // Live copies follow on threads of their own.
  template <class Condition>
  bool comes(Condition condition) {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(Milliseconds(10));
    }
    return false;
  }
  std::vector<VersionSeen> versions() {
    return backend().observe_versions().value_or(std::vector<VersionSeen>{});
  }
  bool shows(int wanted) {
    return comes([&] {
      auto seen = versions();
      return seen.size() == 1 && !seen[0].trouble && seen[0].wanted == wanted;
    });
  }
  std::string trouble_code() {
    auto seen = versions();
    return seen.size() == 1 && seen[0].trouble ? seen[0].trouble->code : "";
  }
  void put_pod(const std::string& name, Json status) {
    cluster_.put(
        "Pod",
        {{"metadata",
          {{"name", name},
           {"namespace", "azureml-default"},
           {"labels", {{kManagedBy, "tidegate"}, {kComponent, "replica"}, {kVersionLabel, kId}}}}},
         {"spec", {{"nodeName", "node1"}}},
         {"status", std::move(status)}});
  }

  test::SimClock clock_;
  test::WatchedCluster cluster_;
  std::vector<std::string> pushed_;
  Result<std::string> push_result_ = std::string("sha256:0011");
  std::unique_ptr<KubernetesBackend> backend_;
};

TEST_F(KubernetesBackendTest, PrepareMakesADeploymentOfNoPods) {
  ASSERT_TRUE(backend().prepare(some_plan()));
  EXPECT_EQ(pushed_, std::vector<std::string>{"tidegate/apps/default/myservice"});
  EXPECT_EQ(cluster_.names(), (std::vector<std::string>{std::string("Deployment/") + kName,
                                                        std::string("Secret/") + kName}));
  EXPECT_TRUE(shows(0));
}

TEST_F(KubernetesBackendTest, PreparingAgainKeepsTheNumber) {
  ASSERT_TRUE(backend().prepare(some_plan()));
  ASSERT_TRUE(backend().scale(kId, 3));
  ASSERT_TRUE(backend().prepare(some_plan()));
  EXPECT_TRUE(shows(3));
}

TEST_F(KubernetesBackendTest, APushThatFailsMakesNothing) {
  push_result_ = fail(Code::unavailable, "registry:5000 does not answer");
  EXPECT_EQ(backend().prepare(some_plan()).error().message, "registry:5000 does not answer");
  EXPECT_TRUE(cluster_.names().empty());
}

TEST_F(KubernetesBackendTest, AVersionWithoutImageIsRefused) {
  VersionPlan plan = some_plan();
  plan.image.clear();
  EXPECT_FALSE(backend().prepare(plan));
  EXPECT_TRUE(pushed_.empty());
}

TEST_F(KubernetesBackendTest, WhatMayNotBeAppliedIsNamed) {
  cluster_.refuse(Error{Code::forbidden, "User \"u\" cannot patch resource \"secrets\""});
  Error error = backend().prepare(some_plan()).error();
  EXPECT_EQ(error.code, Code::forbidden);
  EXPECT_EQ(error.message,
            "Secret myservice-2-8f3c1d2e in namespace azureml-default: User \"u\" cannot patch "
            "resource \"secrets\"");
}

TEST_F(KubernetesBackendTest, ANewProcessFindsDeploymentsByLabel) {
  ASSERT_TRUE(backend().prepare(some_plan()));
  backend_.reset();
  ASSERT_TRUE(backend().scale(kId, 2));
  EXPECT_TRUE(shows(2));
}

TEST_F(KubernetesBackendTest, ScalingWhatWasNeverPreparedSaysSo) {
  Error error = backend().scale("other.1", 2).error();
  EXPECT_EQ(error.code, Code::not_found);
  EXPECT_NE(error.message.find("other.1 has no Deployment in namespace azureml-default"),
            std::string::npos);
}

TEST_F(KubernetesBackendTest, PodsAreReplicas) {
  backend();
  put_pod("p1", {{"phase", "Running"},
                 {"podIP", "10.0.0.5"},
                 {"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}});
  ASSERT_TRUE(comes([&] {
    auto seen = backend().observe();
    return seen && seen->size() == 1;
  }));
  Replica replica = backend().observe()->front();
  EXPECT_EQ(replica.address, "tcp:10.0.0.5:5001");
  EXPECT_EQ(replica.phase, ReplicaPhase::ready);
}

Json waits_for_room() {
  Json condition = {{"type", "PodScheduled"}, {"status", "False"}, {"reason", "Unschedulable"}};
  return {{"phase", "Pending"}, {"conditions", Json::array({condition})}};
}

TEST_F(KubernetesBackendTest, TheWorstTroubleOfAVersionIsShown) {
  ASSERT_TRUE(backend().prepare(some_plan()));
  put_pod("p1", waits_for_room());
  ASSERT_TRUE(comes([&] { return trouble_code() == "Unschedulable"; }));
  Json waiting = {{"waiting", {{"reason", "InvalidImageName"}}}};
  Json container = {{"name", "scoring"}, {"state", waiting}};
  put_pod("p2", {{"phase", "Pending"}, {"containerStatuses", Json::array({container})}});
  ASSERT_TRUE(comes([&] { return trouble_code() == "ImagePullFailed"; }));
  EXPECT_EQ(versions().front().trouble->replica_id, "p2");
}

TEST_F(KubernetesBackendTest, ADeletedNamespaceIsToldAndMadeAgain) {
  ASSERT_TRUE(backend().prepare(some_plan()));
  ASSERT_TRUE(shows(0));
  cluster_.delete_namespace();
  ASSERT_TRUE(comes([&] { return trouble_code() == "NamespaceGone"; }));
  EXPECT_TRUE(backend().observe()->empty());
  ASSERT_TRUE(backend().prepare(some_plan()));
  EXPECT_TRUE(shows(0));
}

TEST_F(KubernetesBackendTest, ANamespaceThatMayNotBeMadeAgainIsAnError) {
  cluster_.delete_namespace();
  cluster_.refuse_namespace();
  Error error = backend().prepare(some_plan()).error();
  EXPECT_EQ(error.code, Code::forbidden);
  EXPECT_NE(error.message.find("namespace azureml-default is gone and cannot be made again"),
            std::string::npos);
}

TEST_F(KubernetesBackendTest, AnApiServerThatIsAwayIsAnErrorWithItsAddress) {
  ASSERT_TRUE(backend().prepare(some_plan()));
  ASSERT_TRUE(shows(0));
  cluster_.refuse(Error{Code::unavailable, "https://10.0.0.1:6443 does not answer"});
  ASSERT_TRUE(comes([&] {
    clock_.advance(Milliseconds(100));
    return !backend().observe();
  }));
  EXPECT_EQ(backend().observe().error().code, Code::unavailable);
  EXPECT_NE(backend().observe().error().message.find("https://10.0.0.1:6443"), std::string::npos);
  EXPECT_FALSE(backend().observe_versions());
}

TEST_F(KubernetesBackendTest, AShortInterruptionIsNotShown) {
  ASSERT_TRUE(backend().prepare(some_plan()));
  ASSERT_TRUE(shows(0));
  cluster_.refuse(Error{Code::unavailable, "https://10.0.0.1:6443 does not answer"});
  ASSERT_TRUE(comes([&] { return cluster_.refusals() >= 2; }));
  EXPECT_TRUE(backend().observe().has_value());
}

TEST_F(KubernetesBackendTest, RightsThatWereTakenAwayAreTrouble) {
  ASSERT_TRUE(backend().prepare(some_plan()));
  ASSERT_TRUE(shows(0));
  cluster_.refuse(Error{Code::forbidden, "pods is forbidden: User \"u\" cannot list pods"});
  ASSERT_TRUE(comes([&] {
    clock_.advance(Milliseconds(100));
    return trouble_code() == "Forbidden";
  }));
}

TEST_F(KubernetesBackendTest, RemovingTakesBothAndWhatIsGoneIsSuccess) {
  ASSERT_TRUE(backend().prepare(some_plan()));
  ASSERT_TRUE(backend().remove_version(kId));
  EXPECT_TRUE(cluster_.names().empty());
  EXPECT_TRUE(backend().remove_version(kId));
  EXPECT_TRUE(comes([&] { return versions().empty(); }));
}

TEST_F(KubernetesBackendTest, LogsHaveAHeaderForEachPod) {
  Json running = {{"running", Json::object()}};
  Json container = {{"name", "scoring"}, {"state", running}};
  put_pod("p1", {{"containerStatuses", Json::array({container})}});
  container["restartCount"] = 1;
  put_pod("p2", {{"containerStatuses", Json::array({container})}});
  EXPECT_EQ(*backend().logs(kId, 100),
            "==> pod p1 on node node1 <==\n50 lines of p1 scoring\n"
            "==> pod p2 on node node1 <==\n"
            "--- scoring, before its restart\n25 lines of p2 scoring (previous)\n"
            "--- scoring\n25 lines of p2 scoring\n");
}

TEST_F(KubernetesBackendTest, PodsAreNotStartedOneByOne) {
  EXPECT_TRUE(backend().keeps_count());
  EXPECT_EQ(backend().isolation(), "pods (namespace azureml-default)");
  EXPECT_EQ(backend().start(some_plan(), "r1").error().code, Code::internal);
  EXPECT_EQ(backend().stop("r1", Milliseconds(1)).error().code, Code::internal);
  EXPECT_EQ(backend().forget("r1").error().code, Code::internal);
}

}  // namespace
}  // namespace tidegate::backend::kubernetes
