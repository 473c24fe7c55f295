#include "kube/paths.h"

namespace tidegate::kube {
namespace {

TEST(Paths, AnObjectWithoutNameOrNamespaceIsRefused) {
  EXPECT_EQ(object_path(kPod, {.namespace_ = "n"}).error().message,
            "a Pod without a name (metadata.name)");
  EXPECT_EQ(object_path(kPod, {.name = "p"}).error().message,
            "Pod p: it has no namespace (metadata.namespace)");
  EXPECT_EQ(object_path(kPod, {.name = "p"}).error().code, Code::invalid);
}

TEST(Paths, AreTheApiServers) {
  EXPECT_EQ(object_path(kPod, {.namespace_ = "n", .name = "p"}), "/api/v1/namespaces/n/pods/p");
  EXPECT_EQ(object_path(kDeployment, {.namespace_ = "n", .name = "d"}),
            "/apis/apps/v1/namespaces/n/deployments/d");
  EXPECT_EQ(object_path(kNamespace, {.namespace_ = "n", .name = "x"}), "/api/v1/namespaces/x");
  EXPECT_EQ(object_path(kSecret, {.namespace_ = "../n", .name = "a/b"}),
            "/api/v1/namespaces/..%2Fn/secrets/a%2Fb");
  EXPECT_EQ(collection_path(kNode, {.namespace_ = "n"}), "/api/v1/nodes");
  EXPECT_EQ(collection_path(kPod, {}), "/api/v1/pods");
  EXPECT_EQ(collection_path(kRoleBinding, {.namespace_ = "n"}),
            "/apis/rbac.authorization.k8s.io/v1/namespaces/n/rolebindings");
}

TEST(Paths, QueriesAreEscapedAndEmptyValuesLeftOut) {
  EXPECT_EQ(with_query("/x", {{"a", ""}}), "/x");
  EXPECT_EQ(with_query("/x", selectors_of({.selector = "a=b,c", .fields = "f=g"})),
            "/x?labelSelector=a%3Db%2Cc&fieldSelector=f%3Dg");
  EXPECT_EQ(with_query("/x", selectors_of({.name = "p", .fields = "f=g"})),
            "/x?fieldSelector=f%3Dg%2Cmetadata.name%3Dp");
}

TEST(Kinds, AreKnownByApiVersionAndKind) {
  EXPECT_EQ(kind_of({{"apiVersion", "apps/v1"}, {"kind", "Deployment"}}), &kDeployment);
  EXPECT_EQ(kind_of({{"apiVersion", "v1"}, {"kind", "Secret"}}), &kSecret);
  EXPECT_EQ(kind_of({{"apiVersion", "v1"}, {"kind", "Deployment"}}), nullptr);
  EXPECT_EQ(kind_of(Json::array()), nullptr);
}

}  // namespace
}  // namespace tidegate::kube
