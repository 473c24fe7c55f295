// Attaching and detaching over REST, with a cluster in memory.
#include "control/attach.h"

#include <gtest/gtest.h>

#include <mutex>

#include "control/cluster_access.h"
#include "control_fixture.h"
#include "fake_cluster.h"
#include "support/fake_cluster.h"

namespace tidegate::control {
namespace {

// Every client of it talks to the one cluster.
class Lent final : public kube::Client {
 public:
  explicit Lent(kube::Client& to) : to_(to) {}
  Result<Json> get(const kube::Kind& k, const kube::Where& w) override { return to_.get(k, w); }
  Result<List> list(const kube::Kind& k, const kube::Where& w) override { return to_.list(k, w); }
  Result<Json> apply(const Json& manifest) override { return to_.apply(manifest); }
  Result<Json> patch(const kube::Kind& k, const kube::Where& w, const Json& p) override {
    return to_.patch(k, w, p);
  }
  Result<> scale(const kube::Kind& k, const kube::Where& w, int n) override {
    return to_.scale(k, w, n);
  }
  Result<> remove(const kube::Kind& k, const kube::Where& w) override { return to_.remove(k, w); }
  Result<std::string> pod_log(const kube::Where& w, std::string_view c, int n, bool p) override {
    return to_.pod_log(w, c, n, p);
  }
  Result<bool> may(const kube::Access& access) override { return to_.may(access); }
  Result<fetch::Response> proxy_get(const kube::Where& w, int port, std::string_view path,
                                    const fetch::Headers& headers) override {
    return to_.proxy_get(w, port, path, headers);
  }
  Result<std::string> server_version() override { return to_.server_version(); }
  Result<> watch(const kube::Kind& k, const kube::Where& w, const std::string& version,
                 const OnEvent& on_event, const std::function<bool()>& cancelled) override {
    return to_.watch(k, w, version, on_event, cancelled);
  }

 private:
  kube::Client& to_;
};

class GoodRegistry final : public backend::kubernetes::AgentRegistry {
 public:
  explicit GoodRegistry(bool has) : has_(has) {}
  Result<> ping() override { return {}; }
  Result<std::optional<std::string>> pinned(const std::string& image) override {
    return has_ ? std::optional(image + "@sha256:1") : std::nullopt;
  }

 private:
  bool has_;
};

class FakeAccess final : public ClusterAccess {
 public:
  Result<std::unique_ptr<kube::Client>> connect(const domain::ClusterAttachment&) override {
    return std::make_unique<Lent>(cluster);
  }
  std::unique_ptr<backend::kubernetes::AgentRegistry> registry(
      const domain::RegistryAccess&) override {
    return std::make_unique<GoodRegistry>(has_agent);
  }
  test::FakeCluster cluster;
  bool has_agent = true;
};

constexpr const char* kKubeconfig =
    R"({"apiVersion":"v1","kind":"Config","current-context":"a",
        "contexts":[{"name":"a","context":{"cluster":"c","user":"u"}}],
        "clusters":[{"name":"c","cluster":{"server":"https://10.0.0.1:6443"}}],
        "users":[{"name":"u","user":{"token":"top-secret-token"}}]})";

class AttachTest : public ControlTest {
 protected:
  AttachTest() { clusters_ = &access_; }

  Json body() {
    return Json{
        {"location", "x"},
        {"properties",
         {{"computeType", "Kubernetes"},
          {"description", "d"},
          {"properties", {{"clusterPurpose", "DevTest"}}},
          {"tidegate",
           {{"kubeconfig", kKubeconfig},
            {"registry", {{"address", "r:5000"}, {"user", "ann"}, {"password", "pass-word"}}}}}}}};
  }
  Answer put(const Json& given) { return ask("PUT", kWorkspace + "/computes/myaks", given); }
  Answer show() { return ask("GET", "/rp/workspaces" + kWorkspace + "/computes/myaks"); }
  // Polls as the platform's clients do; the last answer.
  Json ended(const Answer& answer) {
    std::string url = answer.header("Azure-AsyncOperation").substr(strlen("http://localhost"));
    Json last;
    EXPECT_TRUE(eventually([&] {
      last = ask("GET", url).json();
      return last.value("status", "") != "InProgress";
    })) << to_text(last);
    return last;
  }

  FakeAccess access_;
};

TEST_F(AttachTest, EverythingThatIsMissingIsSaidAndNothingIsDone) {
  access_.cluster.denied = {"create secrets"};
  access_.has_agent = false;
  Answer answer = put(body());
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("may not create secrets"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("properties.tidegate.agentImage"), std::string::npos);
  EXPECT_NE(answer.body.find("r:5000/tidegate/agent:1.2.3"), std::string::npos);
  EXPECT_TRUE(access_.cluster.names().empty());
  EXPECT_EQ(show().status, 404);
}

TEST_F(AttachTest, ABadRequestIsComplainedOfAtOnce) {
  Json given = body();
  given["properties"]["tidegate"] = {
      {"kubeconfig",
       R"({"clusters":[{"name":"c","cluster":{"certificate-authority":"/etc/passwd"}}]})"},
      {"namespace", "Not A Name"},
      {"serviceType", "ClusterIP"},
      {"modelDataClaim", "Not A Claim"}};
  Answer answer = put(given);
  EXPECT_EQ(answer.status, 400);
  for (const char* part : {"certificate-authority names a file", "Not A Name", "ClusterIP",
                           "Not A Claim", "registry.address", "is missing"}) {
    EXPECT_NE(answer.body.find(part), std::string::npos) << part << "\n" << answer.body;
  }
}

TEST_F(AttachTest, ADryRunGivesTheManifestsAndTouchesNothing) {
  Json given = body();
  given["properties"]["tidegate"]["dryRun"] = true;
  Answer answer = put(given);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.json()["manifests"].get<std::string>().find("kind: Deployment"),
            std::string::npos);
  EXPECT_TRUE(access_.cluster.names().empty());
  EXPECT_EQ(show().status, 404);
}

TEST_F(AttachTest, AnAttachedClusterIsShownWithoutItsSecretsUntilItIsDetached) {
  Answer answer = put(body());
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.json()["properties"]["provisioningState"], "Creating");
  EXPECT_EQ(ended(answer)["status"], "Succeeded");
  Answer shown = show();
  Json own = shown.json()["properties"]["tidegate"];
  EXPECT_EQ(own["kind"], "kubernetes");
  EXPECT_EQ(own["namespace"], "azureml-default");
  EXPECT_EQ(own["scoringBase"], "http://10.0.0.7:31080");
  EXPECT_EQ(own["routers"], Json::parse(R"({"ready":1,"wanted":1})"));
  EXPECT_EQ(shown.json()["properties"]["properties"]["clusterPurpose"], "DevTest");
  for (const char* secret : {"top-secret-token", "pass-word", "kubeconfig"}) {
    EXPECT_EQ(shown.body.find(secret), std::string::npos) << secret;
  }
  EXPECT_EQ(ask("DELETE", kWorkspace + "/computes/myaks").status, 409);
  // Attaching again changes the target; meanwhile nothing else may.
  Answer again = put(body());
  ASSERT_EQ(again.status, 201) << again.body;
  EXPECT_EQ(ended(again)["status"], "Succeeded");
  Answer detach = ask("DELETE", kWorkspace + "/computes/myaks?underlyingResourceAction=Detach");
  ASSERT_EQ(detach.status, 202) << detach.body;
  EXPECT_EQ(ended(detach)["status"], "Succeeded");
  EXPECT_EQ(show().status, 404);
  EXPECT_EQ(access_.cluster.names(), std::vector<std::string>{});
}

class AttachAgainTest : public AttachTest {
 protected:
  AttachAgainTest() {
    make_cluster_ = [this, make = fake_clusters({{"myaks", &pods_}})](
                        const domain::ComputeTarget& target, std::function<void()> on_change) {
      std::lock_guard hold(mutex_);
      made_with_.push_back(target.cluster->default_base_image);
      return make(target, std::move(on_change));
    };
  }
  void attach(const std::string& base_image) {
    Json given = body();
    given["properties"]["tidegate"]["defaultBaseImage"] = base_image;
    ASSERT_EQ(ended(put(given))["status"], "Succeeded");
  }

  std::vector<std::string> made_with() {
    std::lock_guard hold(mutex_);
    return made_with_;
  }

  FakeCluster pods_;
  std::mutex mutex_;
  std::vector<std::string> made_with_;  // guarded by mutex_
};

TEST_F(AttachAgainTest, ServicesThatComeThenAreBuiltOnTheNewBaseImage) {
  attach("r:5000/base:1");
  ASSERT_TRUE(eventually([&] { return made_with().size() == 1; }));
  attach("r:5000/base:2");
  ASSERT_TRUE(eventually([&] { return made_with().size() == 2; }));
  EXPECT_EQ(made_with(), (std::vector<std::string>{"r:5000/base:1", "r:5000/base:2"}));
}

TEST_F(AttachTest, AFailureLeavesNothingRegisteredAndNothingInstalled) {
  access_.cluster.refused_kind = "Deployment";
  Json last = ended(put(body()));
  EXPECT_EQ(last["status"], "Failed");
  EXPECT_EQ(last["error"]["message"], "cannot patch Deployment");
  EXPECT_EQ(show().status, 404);
  EXPECT_EQ(access_.cluster.names(), std::vector<std::string>{});
}

TEST_F(AttachTest, AClusterThatIsAwayIsForgottenOnlyByForce) {
  ASSERT_EQ(ended(put(body()))["status"], "Succeeded");
  access_.cluster.away = Error{Code::unavailable, "https://10.0.0.1:6443 does not answer"};
  Json refused = ended(ask("POST", kWorkspace + "/computes/myaks/detach"));
  EXPECT_EQ(refused["status"], "Failed");
  EXPECT_EQ(show().json()["properties"]["tidegate"]["routers"]["error"],
            "https://10.0.0.1:6443 does not answer");
  EXPECT_EQ(ended(ask("POST", kWorkspace + "/computes/myaks/detach?force=true"))["status"],
            "Succeeded");
  EXPECT_EQ(show().status, 404);
}

}  // namespace
}  // namespace tidegate::control
