#include "store/computes.h"

#include <gtest/gtest.h>

#include "store_fixture.h"

namespace tidegate::store {
namespace {

domain::ComputeTarget cluster_target() {
  domain::ComputeTarget target;
  target.name = "myaks";
  target.workspace = "default";
  target.kind = domain::ComputeKind::kubernetes;
  target.description = "the big one";
  target.cluster = domain::ClusterAttachment{.kubeconfig = Secret("apiVersion: v1\nkind: Config\n"),
                                             .kube_namespace = "azureml-default",
                                             .purpose = domain::ClusterPurpose::dev_test,
                                             .service_type = "LoadBalancer",
                                             .registry = {.address = "10.0.0.1:5000/team",
                                                          .is_plain_http = true,
                                                          .user = "ann",
                                                          .password = Secret("pass \"word\"")},
                                             .global_registry = {.address = "mirror.example",
                                                                 .is_plain_http = false,
                                                                 .user = "bob",
                                                                 .password = Secret("other")},
                                             .agent_image = "10.0.0.1:5000/team/tidegate/agent:1",
                                             .default_base_image = "python:3.11",
                                             .model_data_claim = "collected",
                                             .scoring_base = "http://10.0.0.7:31080",
                                             .link_token = Secret("link")};
  return target;
}

class ComputeTest : public StoreTest {
 protected:
  domain::ComputeTarget found(const std::string& name) {
    auto target = find_compute(db(), "default", name);
    EXPECT_TRUE(target.has_value() && target->has_value());
    return target && *target ? **target : domain::ComputeTarget{};
  }
};

void expect_same(const domain::RegistryAccess& a, const domain::RegistryAccess& b) {
  EXPECT_EQ(a.address, b.address);
  EXPECT_EQ(a.is_plain_http, b.is_plain_http);
  EXPECT_EQ(a.user, b.user);
  EXPECT_TRUE(a.password == b.password);
}

TEST_F(ComputeTest, AnUpdateOfATargetThatIsNotThereIsAnError) {
  auto updated = update_compute(db(), cluster_target());
  ASSERT_FALSE(updated.has_value());
  EXPECT_EQ(updated.error().code, Code::not_found);
  EXPECT_EQ(updated.error().message, "there is no compute target myaks");
}

TEST_F(ComputeTest, AProcessTargetHasNoCluster) {
  EXPECT_FALSE(found("machine").cluster.has_value());
  EXPECT_EQ(found("machine").kind, domain::ComputeKind::process);
}

TEST_F(ComputeTest, EverythingOfAClusterComesBackAfterARestart) {
  domain::ComputeTarget wanted = cluster_target();
  ASSERT_TRUE(add_compute(db(), wanted).has_value());
  reopen();
  domain::ComputeTarget target = found("myaks");
  EXPECT_EQ(target.kind, domain::ComputeKind::kubernetes);
  EXPECT_EQ(target.description, "the big one");
  ASSERT_TRUE(target.cluster.has_value());
  EXPECT_TRUE(target.cluster->kubeconfig == wanted.cluster->kubeconfig);
  EXPECT_EQ(target.cluster->kube_namespace, "azureml-default");
  EXPECT_EQ(target.cluster->purpose, domain::ClusterPurpose::dev_test);
  EXPECT_EQ(target.cluster->service_type, "LoadBalancer");
  expect_same(target.cluster->registry, wanted.cluster->registry);
  expect_same(target.cluster->global_registry, wanted.cluster->global_registry);
  EXPECT_EQ(target.cluster->agent_image, wanted.cluster->agent_image);
  EXPECT_EQ(target.cluster->default_base_image, "python:3.11");
  EXPECT_EQ(target.cluster->model_data_claim, "collected");
  EXPECT_EQ(target.cluster->scoring_base, "http://10.0.0.7:31080");
  EXPECT_TRUE(target.cluster->link_token == Secret("link"));
}

TEST_F(ComputeTest, AnUpdateChangesWhatIsLearnedLater) {
  domain::ComputeTarget target = cluster_target();
  ASSERT_TRUE(add_compute(db(), target).has_value());
  target.cluster->scoring_base = "http://10.0.0.8:31081";
  target.cluster->purpose = domain::ClusterPurpose::fast_prod;
  ASSERT_TRUE(update_compute(db(), target).has_value());
  EXPECT_EQ(found("myaks").cluster->scoring_base, "http://10.0.0.8:31081");
  EXPECT_EQ(found("myaks").cluster->purpose, domain::ClusterPurpose::fast_prod);
  EXPECT_EQ(list_computes(db(), "default")->size(), 2U);
}

}  // namespace
}  // namespace tidegate::store
