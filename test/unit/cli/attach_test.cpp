#include <gtest/gtest.h>

#include <cstdlib>

#include "unit/cli/session.h"

namespace tidegate::cli {
namespace {

constexpr const char* kKubeconfig = R"(apiVersion: v1
kind: Config
current-context: here
contexts:
- name: here
  context: {cluster: c, user: u, namespace: x}
- name: there
  context: {cluster: c2, user: u2}
clusters:
- name: c
  cluster: {server: "https://10.0.0.1:6443", certificate-authority: pki/ca.crt}
- name: c2
  cluster: {server: "https://10.0.0.2:6443"}
users:
- name: u
  user: {client-certificate-data: Y2VydA==, client-key: pki/key}
- name: u2
  user: {token: of-another-cluster}
)";

const Json kAttached =
    Json::parse(R"({"id":"/x/computes/myaks","name":"myaks","location":"kubernetes","tags":{},
    "properties":{"computeType":"AKS","provisioningState":"Succeeded","provisioningErrors":null,
                  "tidegate":{"kind":"kubernetes"}}})");

class AttachTest : public ::testing::Test {
 protected:
  AttachTest() {
    ::unsetenv("KUBECONFIG");
    ::unsetenv("TIDEGATE_REGISTRY");
    session_.write("conf/kubeconfig", kKubeconfig);
    session_.write("conf/pki/ca.crt", "authority");
    session_.write("conf/pki/key", "key");
    session_.write("password", "word\n");
    session_.server.on("PUT computes/myaks", 201, kAttached,
                       {{"Azure-AsyncOperation", "http://x/computes/myaks/operations/op1"}});
    session_.server.on("GET operations/op1", 200, Json{{"id", "op1"}, {"state", "Succeeded"}});
    session_.server.on("GET operations/op1/log", 200, Json());
    session_.server.on("GET rp/myaks", 200, kAttached);
  }
  Json sent() { return session_.server.sent("PUT computes/myaks")["properties"]; }

  Session session_;
};

TEST_F(AttachTest, WhatIsMissingIsSaidAtOnceAndNothingIsSent) {
  EXPECT_EQ(session_.run("computetarget attach kubernetes -n myaks --registry-user ann"), 1);
  EXPECT_NE(session_.err.find("--kubeconfig: is missing, and the variable KUBECONFIG is not set"),
            std::string::npos)
      << session_.err;
  EXPECT_NE(session_.err.find("--registry: is missing, and the variable TIDEGATE_REGISTRY is not"),
            std::string::npos);
  EXPECT_NE(session_.err.find("--registry-password-file: is missing, though there is a user"),
            std::string::npos);
  EXPECT_TRUE(session_.server.requests.empty());
}

TEST_F(AttachTest, AFileThatTheKubeconfigNamesAndThatIsNotThereIsSaid) {
  std::filesystem::remove(session_.folder() / "conf/pki/key");
  EXPECT_EQ(session_.run("computetarget attach kubernetes -n myaks --kubeconfig conf/kubeconfig "
                         "--registry r:5000"),
            1);
  EXPECT_EQ(
      session_.said(),
      "ERROR: --kubeconfig: client-key: pki/key is not there: looked for WORK/conf/pki/key\n");
}

TEST_F(AttachTest, AContextThatIsNotThereIsSaid) {
  session_.write("k", "current-context: gone\ncontexts: []\n");
  EXPECT_EQ(session_.run("computetarget attach kubernetes -n myaks --kubeconfig k --registry r"),
            1);
  EXPECT_EQ(session_.err,
            "ERROR: --kubeconfig: k has no context \"gone\", its current-context; `kubectl config "
            "use-context` sets it\n");
}

TEST_F(AttachTest, SendsTheCurrentContextWithItsFilesInside) {
  EXPECT_EQ(session_.run("computetarget attach kubernetes -n myaks --kubeconfig conf/kubeconfig "
                         "--registry r:5000/team --registry-plain-http --registry-user ann "
                         "--registry-password-file password --cluster-purpose DevTest "
                         "--namespace ns --service-type LoadBalancer --model-data-claim c"),
            0)
      << session_.err;
  Json own = sent()["tidegate"];
  Json kubeconfig = Json::parse(own["kubeconfig"].get<std::string>());
  EXPECT_EQ(kubeconfig["clusters"],
            Json::parse(R"([{"name":"c","cluster":{"server":"https://10.0.0.1:6443",
                             "certificate-authority-data":"YXV0aG9yaXR5"}}])"));
  EXPECT_EQ(kubeconfig["users"], Json::parse(R"([{"name":"u","user":{
      "client-certificate-data":"Y2VydA==","client-key-data":"a2V5"}}])"));
  EXPECT_EQ(own["kubeconfig"].get<std::string>().find("of-another-cluster"), std::string::npos);
  own.erase("kubeconfig");
  EXPECT_EQ(own, Json::parse(R"({"namespace":"ns","serviceType":"LoadBalancer","registry":
      {"address":"r:5000/team","plainHttp":true,"user":"ann","password":"word"},
      "modelDataClaim":"c"})"));
  EXPECT_EQ(sent()["properties"]["clusterPurpose"], "DevTest");
  EXPECT_EQ(session_.result()["provisioningState"], "Succeeded");
}

TEST_F(AttachTest, VariablesNameKubeconfigAndRegistryAndOldFlagsAreAccepted) {
  ::setenv("KUBECONFIG", "conf/kubeconfig", 1);
  ::setenv("TIDEGATE_REGISTRY", "r:5000", 1);
  EXPECT_EQ(session_.run("computetarget attach aks -n myaks -i /subscriptions/x"), 0)
      << session_.err;
  EXPECT_EQ(sent()["tidegate"]["registry"], Json::parse(R"({"address":"r:5000"})"));
  EXPECT_NE(session_.err.find("the kubeconfig says which cluster it is; ignored"),
            std::string::npos);
}

TEST_F(AttachTest, AFailureIsToldWithItsCause) {
  session_.server.on("GET operations/op1", 200,
                     Json{{"id", "op1"},
                          {"state", "Failed"},
                          {"error", {{"message", "the routers are not ready"}}}});
  EXPECT_EQ(session_.run("computetarget attach kubernetes -n myaks --kubeconfig conf/kubeconfig "
                         "--registry r"),
            1);
  EXPECT_NE(session_.err.find("ERROR: the routers are not ready"), std::string::npos);
}

TEST_F(AttachTest, ComplaintsOfTheServerAreCalledByTheirFlags) {
  session_.server.on("PUT computes/myaks", 400, Json::parse(R"({"message":"bad","details":[
      {"code":"x","message":"nothing listens","target":"properties.tidegate.registry"}]})"));
  EXPECT_EQ(session_.run("computetarget attach kubernetes -n myaks --kubeconfig conf/kubeconfig "
                         "--registry r"),
            1);
  EXPECT_NE(session_.err.find("--registry: nothing listens"), std::string::npos) << session_.err;
}

TEST_F(AttachTest, ADryRunPrintsTheManifestsAndNeedsNoCluster) {
  session_.server.on("PUT computes/myaks", 200, Json{{"manifests", "kind: Namespace\n"}});
  EXPECT_EQ(session_.run("computetarget attach kubernetes -n myaks --registry r --dry-run"), 0)
      << session_.err;
  EXPECT_EQ(session_.out, "kind: Namespace\n");
  EXPECT_EQ(sent()["tidegate"]["dryRun"], true);
}

TEST_F(AttachTest, WithoutWaitingTheStateIsThatOfTheReply) {
  Json creating = kAttached;
  creating["properties"]["provisioningState"] = "Creating";
  session_.server.on("PUT computes/myaks", 201, creating,
                     {{"Azure-AsyncOperation", "http://x/operations/op1"}});
  EXPECT_EQ(session_.run("computetarget attach kubernetes -n myaks --kubeconfig conf/kubeconfig "
                         "--registry r --no-wait"),
            0);
  EXPECT_EQ(session_.result()["provisioningState"], "Creating");
  EXPECT_EQ(session_.server.calls().size(), 1U);
}

TEST_F(AttachTest, DetachFollowsItsOperation) {
  session_.server.on("POST computes/myaks/detach", 202, Json(),
                     {{"Azure-AsyncOperation", "http://x/operations/op1"}});
  EXPECT_EQ(session_.run("computetarget detach -n myaks --force"), 0) << session_.err;
  EXPECT_EQ(session_.result(), Json::parse(R"({"name":"myaks"})"));
  EXPECT_EQ(session_.server.calls()[0], "POST computes/myaks/detach?force=true");
}

}  // namespace
}  // namespace tidegate::cli
