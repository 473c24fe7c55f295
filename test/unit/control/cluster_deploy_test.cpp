// Deployments on clusters in memory, beside this machine.
#include <algorithm>

#include "control_fixture.h"
#include "fake_cluster.h"
#include "store/computes.h"
#include "store/store.h"

namespace tidegate::control {
namespace {

using Fate = FakeCluster::Fate;

class ClusterDeployTest : public ControlTest {
 protected:
  void SetUp() override {
    make_cluster_ = fake_clusters({{"myaks", &myaks_}, {"other", &other_}, {"claims", &claims_}});
    attach("myaks");
    attach("other");
    attach("claims");
    start();
  }
  void TearDown() override {
    myaks_.let_go();
    ControlTest::TearDown();
  }

  domain::ComputeTarget row_of(const std::string& name) {
    domain::ComputeTarget row;
    row.name = name;
    row.workspace = "default";
    row.kind = domain::ComputeKind::kubernetes;
    row.created = clock_.wall();
    row.cluster.emplace();
    row.cluster->kubeconfig = Secret("{}");
    row.cluster->kube_namespace = "azureml-default";
    row.cluster->scoring_base = "http://10.0.0.7:31080";
    row.cluster->link_token = Secret("link-token");
    if (name == "claims") row.cluster->model_data_claim = "collected";
    return row;
  }
  void attach(const std::string& name) {
    auto store = store::Store::open(data_dir(), clock_, random_);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    auto added = store::add_compute(*store->db, row_of(name));
    ASSERT_TRUE(added.has_value()) << added.error().message;
  }
  Json request_on(const std::string& compute, const std::string& name) {
    Json request = good_request(name);
    request["computeName"] = compute;
    return request;
  }
  std::string accept(const Json& request) {
    Answer accepted = mms("POST", "services", request);
    EXPECT_EQ(accepted.status, 202) << accepted.body;
    std::string location = accepted.header("Operation-Location");
    return location.substr(location.rfind('/') + 1);
  }
  std::string log_of(const std::string& id) {
    return ask("GET", kManagement + "/operations/" + id + "/log?format=lines").body;
  }
  Answer patch(const std::string& name, const std::string& path, const Json& value) {
    return mms("PATCH", "services/" + name,
               Json::array({{{"op", "replace"}, {"path", path}, {"value", value}}}));
  }
  Json new_code(const std::string& name) {
    return request_on("myaks", name)["environmentImageRequest"];
  }
  // What a refusal says.
  std::string refusal(const Json& request) {
    Answer answer = mms("POST", "services", request);
    EXPECT_EQ(answer.status, 400) << answer.body;
    return answer.body;
  }

  FakeCluster myaks_;
  FakeCluster other_;
  FakeCluster claims_;
};

TEST_F(ClusterDeployTest, AServiceComesUpOnPodsAndIsInTheClustersTable) {
  register_model("mymodel");
  Json request = request_on("myaks", "svc");
  request["environmentImageRequest"]["modelIds"] = {"mymodel:1"};
  request["numReplicas"] = 2;
  Json operation = deploy(request);
  ASSERT_EQ(operation["state"], "Succeeded") << to_text(operation);

  Json shown = service("svc");
  EXPECT_EQ(shown["state"], "Healthy");
  EXPECT_EQ(shown["scoringUri"], "http://10.0.0.7:31080/api/v1/service/svc/score");
  EXPECT_EQ(shown["deploymentStatus"]["availableReplicas"], 2);
  EXPECT_EQ(shown["tidegate"]["computeKind"], "kubernetes");
  EXPECT_EQ(shown["tidegate"]["image"], "registry/azureml/azureml_abc@sha256:1");
  ASSERT_EQ(shown["tidegate"]["replicas"].size(), 2u);
  EXPECT_EQ(shown["tidegate"]["replicas"][0]["node"], "node-1");

  // When the operation had ended, the routers had the table.
  table::Table table = myaks_.table();
  ASSERT_EQ(table.services.size(), 1u);
  EXPECT_TRUE(table.services[0].versions.at(0).from_pods);
  EXPECT_TRUE(table.services[0].versions.at(0).replicas.empty());
  EXPECT_EQ(table.services[0].replica_secret.size(), 64u);
  EXPECT_TRUE(router_->table().services.empty());
  EXPECT_TRUE(other_.table().services.empty());
  EXPECT_TRUE(backend_.history().empty());

  backend::VersionPlan plan = myaks_.plan_of(table.services[0].versions[0].id);
  EXPECT_EQ(plan.image, "registry/azureml/azureml_abc@sha256:1");
  EXPECT_EQ(plan.replica_secret.reveal(), table.services[0].replica_secret);
  EXPECT_TRUE(plan.source_tree.empty());
  EXPECT_TRUE(std::filesystem::exists(plan.source_archive)) << plan.source_archive;
  EXPECT_EQ(plan.model_files.at(0).target, "azureml-models/mymodel/1/model.pkl");
  EXPECT_EQ(row_counts()["replicas"], 0);
  EXPECT_NE(mms("GET", "services/svc/logs").body.find("a line of a pod"), std::string::npos);
}

TEST_F(ClusterDeployTest, TwoTargetsAndThisMachineStandSideBySide) {
  std::string a = accept(request_on("myaks", "svc-a"));
  std::string b = accept(request_on("other", "svc-b"));
  std::string c = accept(request_on("machine", "svc-c"));
  for (const std::string& id : {a, b, c}) {
    EXPECT_TRUE(eventually([&] { return operation(id)["state"] == "Succeeded"; })) << log_of(id);
  }
  EXPECT_EQ(myaks_.deployments().size(), 1u);
  EXPECT_EQ(other_.deployments().size(), 1u);
  EXPECT_EQ(backend_.alive().size(), 1u);
  EXPECT_EQ(myaks_.table().services.at(0).name, "svc-a");
  EXPECT_EQ(other_.table().services.at(0).name, "svc-b");
  EXPECT_EQ(router_->table().services.at(0).name, "svc-c");
}

TEST_F(ClusterDeployTest, AnUpdateSwitchesAndTheOldVersionGoesWhenNothingIsInFlight) {
  ASSERT_EQ(deploy(request_on("myaks", "svc"))["state"], "Succeeded");
  std::string old_id = myaks_.table().services.at(0).versions.at(0).id;
  myaks_.set_busy({old_id});
  Json operation = follow(patch("svc", "/environmentImageRequest", new_code("svc")));
  ASSERT_EQ(operation["state"], "Succeeded") << to_text(operation);
  EXPECT_NE(myaks_.table().services.at(0).versions.at(0).id, old_id);
  EXPECT_TRUE(myaks_.deployments().contains(old_id));  // something of it is still in flight
  myaks_.set_busy({});
  EXPECT_TRUE(eventually([&] { return !myaks_.deployments().contains(old_id); }));
  EXPECT_EQ(myaks_.deployments().size(), 1u);
}

TEST_F(ClusterDeployTest, AnUpdateThatFailsLeavesTheOldVersionServing) {
  ASSERT_EQ(deploy(request_on("myaks", "svc"))["state"], "Succeeded");
  std::string old_id = myaks_.table().services.at(0).versions.at(0).id;
  myaks_.set_fate(
      [old_id](const std::string& id) { return id == old_id ? Fate::ready : Fate::init_raises; });
  Json operation = follow(patch("svc", "/environmentImageRequest", new_code("svc")));
  ASSERT_EQ(operation["state"], "Failed");
  std::string error = to_text(operation["error"]);
  EXPECT_NE(error.find("CrashLoopBackOff"), std::string::npos) << error;
  EXPECT_NE(error.find("ValueError: no such column"), std::string::npos) << error;
  EXPECT_NE(error.find("Correct the cause"), std::string::npos) << error;
  EXPECT_EQ(myaks_.table().services.at(0).versions.at(0).id, old_id);
  EXPECT_EQ(myaks_.deployments().size(), 1u);
  EXPECT_EQ(service("svc")["state"], "Healthy");
}

TEST_F(ClusterDeployTest, WhatFindsNoNodeIsToldAtOnceAndFailsAfterItsTime) {
  stop(/*stop_replicas=*/false);
  schedule_limit_ = Milliseconds(1'000);
  start();
  myaks_.set_fate([](const std::string&) { return Fate::unschedulable; });
  std::string id = accept(request_on("myaks", "svc"));
  EXPECT_TRUE(eventually([&] { return service("svc")["state"] == "Unschedulable"; }));
  EXPECT_EQ(service("svc")["error"]["code"], "KubernetesError");
  std::string waits = operation(id)["tidegate"]["waitingFor"];
  EXPECT_NE(waits.find("1 Insufficient cpu"), std::string::npos) << waits;
  EXPECT_NE(log_of(id).find("1 Insufficient cpu"), std::string::npos);
  ASSERT_TRUE(eventually([&] { return operation(id)["state"] == "Failed"; }));
  Json error = operation(id)["error"];
  EXPECT_EQ(error["code"], "KubernetesError");
  EXPECT_EQ(error["details"][0]["code"], "Unschedulable");
  EXPECT_TRUE(myaks_.deployments().empty());
  EXPECT_EQ(service("svc")["state"], "Failed");  // from the operation's record
}

TEST_F(ClusterDeployTest, WhatGetsRoomInTimeComesUp) {
  std::atomic<bool> has_room = false;
  myaks_.set_fate([&](const std::string&) { return has_room ? Fate::ready : Fate::unschedulable; });
  std::string id = accept(request_on("myaks", "svc"));
  EXPECT_TRUE(eventually([&] { return service("svc")["state"] == "Unschedulable"; }));
  has_room = true;
  EXPECT_TRUE(eventually([&] { return operation(id)["state"] == "Succeeded"; }));
  EXPECT_EQ(service("svc")["state"], "Healthy");
  EXPECT_TRUE(service("svc")["error"].is_null());
}

TEST_F(ClusterDeployTest, ADeletedServiceLeavesNothing) {
  ASSERT_EQ(deploy(request_on("myaks", "svc"))["state"], "Succeeded");
  Json operation = follow(mms("DELETE", "services/svc"));
  EXPECT_EQ(operation["state"], "Succeeded");
  EXPECT_TRUE(myaks_.deployments().empty());
  EXPECT_TRUE(myaks_.table().services.empty());
  EXPECT_EQ(row_counts()["services"], 0);
  EXPECT_EQ(row_counts()["versions"], 0);
}

TEST_F(ClusterDeployTest, TheNumberOfReplicasIsScaled) {
  ASSERT_EQ(deploy(request_on("myaks", "svc"))["state"], "Succeeded");
  EXPECT_EQ(follow(patch("svc", "/numReplicas", 3))["state"], "Succeeded");
  EXPECT_EQ(myaks_.deployments().begin()->second, 3);
  EXPECT_EQ(follow(patch("svc", "/numReplicas", 1))["state"], "Succeeded");
  EXPECT_EQ(myaks_.deployments().begin()->second, 1);
}

TEST_F(ClusterDeployTest, WhatWasDeletedByHandIsMadeAgain) {
  ASSERT_EQ(deploy(request_on("myaks", "svc"))["state"], "Succeeded");
  myaks_.forbids = true;
  myaks_.lose_everything();
  EXPECT_TRUE(eventually([&] {
    return to_text(service("svc")["error"]).find("may not create") != std::string::npos;
  })) << to_text(service("svc")["error"]);
  EXPECT_EQ(service("svc")["state"], "Unhealthy");
  myaks_.forbids = false;
  EXPECT_TRUE(eventually([&] { return service("svc")["state"] == "Healthy"; }));
  EXPECT_EQ(myaks_.deployments().size(), 1u);
}

TEST_F(ClusterDeployTest, AnOperationWaitsForTheRouters) {
  myaks_.routers_apply = false;
  std::string id = accept(request_on("myaks", "svc"));
  ASSERT_TRUE(eventually([&] { return !myaks_.table().services.empty(); }));
  EXPECT_EQ(operation(id)["state"], "Running");
  myaks_.routers_apply = true;
  EXPECT_TRUE(eventually([&] { return operation(id)["state"] == "Succeeded"; }));
}

TEST_F(ClusterDeployTest, RoutersThatAreGoneArePutBackAndTheDeploymentSaysSo) {
  ASSERT_EQ(deploy(request_on("myaks", "first"))["state"], "Succeeded");
  myaks_.set_fate([](const std::string&) { return Fate::pending; });
  std::string id = accept(request_on("myaks", "svc"));
  ASSERT_TRUE(eventually([&] { return myaks_.deployments().size() == 2; }));
  myaks_.has_routers = false;
  EXPECT_TRUE(eventually([&] {
    return log_of(id).find("the routers of myaks were gone; restored") != std::string::npos;
  })) << log_of(id);
  myaks_.set_fate([](const std::string&) { return Fate::ready; });
  ASSERT_TRUE(eventually([&] { return operation(id)["state"] == "Succeeded"; })) << log_of(id);
  std::vector<std::string> history = myaks_.history();
  for (const char* what : {"apply Role", "apply Service", "apply Deployment"}) {
    EXPECT_EQ(std::ranges::count(history, what), 1) << what;
  }
  EXPECT_EQ(myaks_.table().services.size(), 2u);
}

TEST_F(ClusterDeployTest, WhatRoutersHaveLostIsPutBackAndTheDeploymentNamesIt) {
  for (const char* kind : {"ServiceAccount", "Role", "RoleBinding", "Secret"}) {
    myaks_.set_fate([](const std::string&) { return Fate::pending; });
    std::string id = accept(request_on("myaks", "svc"));
    ASSERT_TRUE(eventually([&] { return !myaks_.deployments().empty(); }));
    myaks_.lose(kind);
    const std::string told = std::string("the routers of myaks had lost ") + kind + " tidegate-";
    EXPECT_TRUE(eventually([&] { return log_of(id).find(told) != std::string::npos; }))
        << kind << log_of(id);
    EXPECT_TRUE(myaks_.has(kind));
    myaks_.set_fate([](const std::string&) { return Fate::ready; });
    ASSERT_TRUE(eventually([&] { return operation(id)["state"] == "Succeeded"; })) << log_of(id);
    EXPECT_EQ(myaks_.table().services.size(), 1u);
    ASSERT_EQ(follow(mms("DELETE", "services/svc"))["state"], "Succeeded");
  }
}

TEST_F(ClusterDeployTest, RoutersThatMayNotBePutBackFailTheDeploymentWithTheNextStep) {
  myaks_.set_fate([](const std::string&) { return Fate::pending; });
  std::string id = accept(request_on("myaks", "svc"));
  ASSERT_TRUE(eventually([&] { return !myaks_.deployments().empty(); }));
  myaks_.forbids = true;
  myaks_.has_routers = false;
  ASSERT_TRUE(eventually([&] { return operation(id)["state"] == "Failed"; })) << log_of(id);
  std::string error = to_text(operation(id)["error"]);
  for (const char* part : {"the routers of myaks are gone in namespace azureml-default",
                           "may not patch", "attach myaks again"}) {
    EXPECT_NE(error.find(part), std::string::npos) << error;
  }
}

TEST_F(ClusterDeployTest, RoutersThatMoveTakeTheScoringUrisAlong) {
  ASSERT_EQ(deploy(request_on("myaks", "svc"))["state"], "Succeeded");
  myaks_.node_port = 31999;
  EXPECT_TRUE(eventually([&] {
    return service("svc")["scoringUri"] == "http://10.0.0.7:31999/api/v1/service/svc/score";
  })) << service("svc")["scoringUri"];
}

TEST_F(ClusterDeployTest, ANamespaceThatIsBeingDeletedIsToldWhileItsPodsStillRun) {
  ASSERT_EQ(deploy(request_on("myaks", "svc"))["state"], "Succeeded");
  myaks_.is_terminating = true;
  EXPECT_TRUE(eventually([&] { return service("svc")["state"] == "Unhealthy"; }));
  std::string error = to_text(service("svc")["error"]);
  EXPECT_NE(error.find("namespace azureml-default is being deleted"), std::string::npos) << error;
  myaks_.is_terminating = false;
  EXPECT_TRUE(eventually([&] { return service("svc")["state"] == "Healthy"; }));
}

TEST_F(ClusterDeployTest, AClusterThatIsAwayHoldsUpNothingElse) {
  ASSERT_EQ(deploy(request_on("myaks", "svc"))["state"], "Succeeded");
  stop(/*stop_replicas=*/true);
  EXPECT_EQ(myaks_.deployments().size(), 1u);  // somebody's cluster: it runs on
  myaks_.is_away = true;
  start();
  EXPECT_EQ(service("svc")["state"], "Healthy");  // nothing else is known
  EXPECT_EQ(deploy(request_on("machine", "svc-c"))["state"], "Succeeded");
  EXPECT_EQ(deploy(request_on("other", "svc-b"))["state"], "Succeeded");
  Answer accepted = patch("svc", "/numReplicas", 2);
  std::string location = accepted.header("Operation-Location");
  std::string id = location.substr(location.rfind('/') + 1);
  EXPECT_TRUE(eventually([&] {
    std::string waits = operation(id)["tidegate"]["waitingFor"];
    return waits.find("cannot be reached") != std::string::npos;
  }));
  myaks_.is_away = false;
  EXPECT_TRUE(eventually([&] { return operation(id)["state"] == "Succeeded"; }));
  EXPECT_EQ(myaks_.deployments().begin()->second, 2);
}

TEST_F(ClusterDeployTest, AClusterThatHangsHoldsUpNothingElse) {
  stop(/*stop_replicas=*/false);
  myaks_.hangs = true;
  start();
  EXPECT_EQ(deploy(request_on("machine", "svc-c"))["state"], "Succeeded");
  EXPECT_EQ(deploy(request_on("other", "svc-b"))["state"], "Succeeded");
  std::string id = accept(request_on("myaks", "svc"));
  myaks_.let_go();
  EXPECT_TRUE(eventually([&] { return operation(id)["state"] == "Succeeded"; }));
}

TEST_F(ClusterDeployTest, ADeploymentGoesOnAfterARestart) {
  std::atomic<bool> is_up = false;
  myaks_.set_fate([&](const std::string&) { return is_up ? Fate::ready : Fate::pending; });
  std::string id = accept(request_on("myaks", "svc"));
  ASSERT_TRUE(eventually([&] {
    auto there = myaks_.deployments();
    return there.size() == 1 && there.begin()->second == 1;
  }));
  stop(/*stop_replicas=*/false);
  start();
  is_up = true;
  EXPECT_TRUE(eventually([&] { return operation(id)["state"] == "Succeeded"; }));
  EXPECT_EQ(myaks_.deployments().size(), 1u);
}

TEST_F(ClusterDeployTest, ModelDataAreCollectedWhereTheTargetHasAClaim) {
  Json request = request_on("claims", "svc");
  request["dataCollection"] = {{"storageEnabled", true}};
  Json operation = deploy(request);
  ASSERT_EQ(operation["state"], "Succeeded") << to_text(operation);
  backend::VersionPlan plan = claims_.plan_of(claims_.table().services.at(0).versions.at(0).id);
  EXPECT_TRUE(plan.collects_model_data);
  EXPECT_EQ(plan.workspace_triple, "00000000-0000-0000-0000-000000000000/tidegate/default");
}

TEST_F(ClusterDeployTest, ChecksFollowTheKindOfTheTarget) {
  Json request = request_on("myaks", "svc");
  request["namespace"] = "elsewhere";
  std::string said = refusal(request);
  EXPECT_NE(said.find("elsewhere"), std::string::npos) << said;
  EXPECT_NE(said.find("azureml-default"), std::string::npos) << said;

  request = request_on("myaks", "svc");
  request["containerResourceRequirements"] = {{"cpu", 0.1}, {"memoryInGB", 0.5}, {"gpu", 1}};
  EXPECT_NE(refusal(request).find("GPUs are not offered yet"), std::string::npos);

  request = request_on("myaks", "svc");
  request["dataCollection"] = {{"storageEnabled", true}};
  said = refusal(request);
  EXPECT_NE(said.find("dataCollection.storageEnabled"), std::string::npos) << said;
  EXPECT_NE(said.find("--model-data-claim"), std::string::npos) << said;

  // The interpreter of an image is not looked for on this machine; the script is.
  request = request_for("svc", upload_source({{"score.py", "def init(:\n"}}));
  request["computeName"] = "myaks";
  request["environmentImageRequest"]["environment"]["python"]["interpreterPath"] = "/opt/x/python";
  said = refusal(request);
  EXPECT_EQ(said.find("/opt/x/python"), std::string::npos) << said;
  EXPECT_NE(said.find("score.py"), std::string::npos) << said;
}

TEST_F(ClusterDeployTest, AnUpdateDoesNotMoveAServiceBetweenTargets) {
  ASSERT_EQ(deploy(request_on("myaks", "svc"))["state"], "Succeeded");
  Json request = request_on("machine", "svc");
  request["overwrite"] = true;
  std::string said = refusal(request);
  EXPECT_NE(said.find("runs on myaks and cannot be moved to machine"), std::string::npos) << said;
}

TEST_F(ClusterDeployTest, AClusterIsTakenOnAsSoonAsItsRowIsThere) {
  stop(/*stop_replicas=*/false);
  FakeCluster late;
  make_cluster_ = fake_clusters({{"late", &late}});  // and the others cannot be made
  start();
  attach("late");
  Json operation = deploy(request_on("late", "svc"));
  EXPECT_EQ(operation["state"], "Succeeded") << to_text(operation);
  EXPECT_EQ(late.deployments().size(), 1u);
  stop(/*stop_replicas=*/false);
}

}  // namespace
}  // namespace tidegate::control
