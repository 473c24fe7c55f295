// Deployments from request to removal, with replicas in memory.
#include "control_fixture.h"

namespace tidegate::control {
namespace {

using Fate = FakeBackend::Fate;
using Ids = std::set<std::string>;

class DeployTest : public ControlTest {
 protected:
  std::string log_of(const Json& operation) {
    return ask("GET", kManagement + "/operations/" + operation["id"].get<std::string>() +
                          "/log?format=lines")
        .body;
  }
  Ids alive() {
    auto ids = backend_.alive();
    return Ids(ids.begin(), ids.end());
  }
  std::string only(const Ids& ids) { return ids.size() == 1 ? *ids.begin() : "(not one)"; }
};

TEST_F(DeployTest, AServiceComesUpAndIsInTheTable) {
  FakeRouter& router = *router_;
  register_model("mymodel");
  Json request = good_request("myservice");
  request["environmentImageRequest"]["modelIds"] = {"mymodel:1"};
  request["numReplicas"] = 2;
  request["maxQueueWaitMs"] = 1234;
  Json operation = deploy(request);
  ASSERT_EQ(operation["state"], "Succeeded") << to_text(operation) << log_of(operation);
  EXPECT_EQ(operation["operationDetails"]["subOperationType"], "DeployService");
  EXPECT_EQ(operation["error"], nullptr);

  Json service = this->service("myservice");
  EXPECT_EQ(service["state"], "Healthy");
  EXPECT_EQ(service["scoringUri"], "http://127.0.0.1:8900/api/v1/service/myservice/score");
  EXPECT_EQ(service["models"][0]["id"], "mymodel:1");
  EXPECT_EQ(service["tidegate"]["replicas"].size(), 2u);
  EXPECT_EQ(service["tidegate"]["auth"], "key");
  EXPECT_EQ(service["environmentDetails"]["name"], "env");
  for (const char* name : {"computeType",
                           "createdTime",
                           "description",
                           "kvTags",
                           "name",
                           "properties",
                           "appInsightsEnabled",
                           "authEnabled",
                           "autoScaler",
                           "computeName",
                           "containerResourceRequirements",
                           "dataCollection",
                           "maxConcurrentRequestsPerContainer",
                           "maxQueueWaitMs",
                           "numReplicas",
                           "scoringTimeoutMs",
                           "scoringUri",
                           "livenessProbeRequirements",
                           "aadAuthEnabled",
                           "deploymentStatus"}) {
    EXPECT_TRUE(service.contains(name)) << name;
  }
  EXPECT_TRUE(service["containerResourceRequirements"].contains("cpuLimit"));
  EXPECT_TRUE(service["dataCollection"].contains("eventHubEnabled"));

  // When the operation had ended, the router had the table already.
  EXPECT_EQ(router.replicas_of("myservice"), alive());
  table::Service in_table = router.table().services.at(0);
  EXPECT_TRUE(in_table.auth_enabled);
  EXPECT_EQ(in_table.key_sha256.size(), 2u);
  EXPECT_EQ(in_table.versions.at(0).max_queue_wait.count(), 1234);

  backend::VersionPlan plan = backend_.plan_of(in_table.versions.at(0).id);
  EXPECT_EQ(plan.entry_script, "src/score.py");
  EXPECT_EQ(plan.model_files.at(0).target, "azureml-models/mymodel/1/model.pkl");
  EXPECT_FALSE(plan.interpreter.empty());
  EXPECT_EQ(backend_.source_had(), Ids{"src/score.py"});

  Json keys = mms("POST", "services/myservice/listkeys").json();
  EXPECT_GE(keys["primaryKey"].get<std::string>().size(), 32u);
  EXPECT_NE(keys["primaryKey"], keys["secondaryKey"]);
  std::string log = log_of(operation);
  EXPECT_NE(log.find("|Creating service myservice"), std::string::npos) << log;
  EXPECT_EQ(log.find(keys["primaryKey"].get<std::string>()), std::string::npos);
  EXPECT_EQ(mms("GET", "services/myservice/logs?tail=10").json()["content"],
            "a line of the log\nthe last line of the log\n");
}

TEST_F(DeployTest, CollectingModelDataIsSwitchedByAnUpdateAndTheServiceSaysWhereTheyAre) {
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  EXPECT_EQ(service("svc")["tidegate"]["modelData"], "");
  auto collecting = [&] {
    return backend_.plan_of(router_->table().services.at(0).versions.at(0).id).collects_model_data;
  };
  EXPECT_FALSE(collecting());
  auto switch_to = [&](const Json& value) {
    return mms(
        "PATCH", "services/svc",
        Json::array(
            {{{"op", "replace"}, {"path", "/dataCollection/storageEnabled"}, {"value", value}}}));
  };
  EXPECT_EQ(follow(switch_to(true))["state"], "Succeeded");
  EXPECT_TRUE(collecting());
  EXPECT_EQ(service("svc")["tidegate"]["generation"], 2);
  EXPECT_EQ(service("svc")["tidegate"]["modelData"],
            "/fake/default/modeldata/00000000-0000-0000-0000-000000000000/tidegate/default/svc");
  EXPECT_EQ(follow(switch_to(false))["state"], "Succeeded");
  EXPECT_FALSE(collecting());
  Answer refused = switch_to("maybe");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("dataCollection.storageEnabled: must be true or false"),
            std::string::npos)
      << refused.body;
}

TEST_F(DeployTest, TheServiceIsReadableRightAfterItWasAccepted) {
  backend_.fate = [](const std::string&, int) { return Fate::hangs; };
  Answer accepted = mms("POST", "services", good_request("slow"));
  ASSERT_EQ(accepted.status, 202);
  EXPECT_EQ(service("slow")["state"], "Transitioning");
  std::string location = accepted.header("Operation-Location");
  std::string id = location.substr(location.rfind('/') + 1);
  ASSERT_TRUE(eventually([&] {
    std::string waits = operation(id)["tidegate"]["waitingFor"];
    return waits.starts_with("waiting for init() of replica");
  }));
  EXPECT_EQ(operation(id)["state"], "Running");
  // Its name is taken.
  EXPECT_EQ(mms("POST", "services", good_request("slow")).status, 409);
  backend_.make_ready(backend_.alive().at(0));
  EXPECT_EQ(follow(accepted)["state"], "Succeeded");
}

TEST_F(DeployTest, AnInitThatRaisesFailsTheCreationAndLeavesNothing) {
  backend_.fate = [](const std::string&, int) { return Fate::script_fails; };
  auto rows = row_counts();
  auto files = file_tree();
  Json request = good_request("broken");
  request["keys"] = {{"primaryKey", "a-secret-of-mine"}, {"secondaryKey", "another-secret"}};
  Json operation = deploy(request);
  EXPECT_EQ(operation["state"], "Failed");
  EXPECT_EQ(operation["error"]["code"], "KubernetesDeploymentFailed");
  EXPECT_EQ(operation["error"]["details"][0]["code"], "CrashLoopBackOff");
  std::string error = to_text(operation["error"]);
  for (const char* text : {"init() failed: ValueError: no such column", "exited with code 3",
                           "Traceback: line 7, in init", "the last line of the log"}) {
    EXPECT_NE(error.find(text), std::string::npos) << text << " in " << error;
  }
  rows["operations"] += 1;  // it is kept, for the error
  EXPECT_EQ(row_counts(), rows);
  EXPECT_EQ(file_tree(), files);
  EXPECT_EQ(backend_.versions(), 0u);
  EXPECT_EQ(alive(), Ids{});

  // The name still tells what happened, and is free.
  Json service = this->service("broken");
  EXPECT_EQ(service["state"], "Failed");
  EXPECT_EQ(service["error"]["code"], "KubernetesDeploymentFailed");
  Json listed = mms("GET", "services").json()["value"];
  ASSERT_EQ(listed.size(), 1u);  // told by its operation, until it is deleted
  EXPECT_EQ(listed[0]["state"], "Failed");
  EXPECT_EQ(listed[0]["error"], operation["error"]);
  std::string log = mms("GET", "services/broken/logs").json()["content"];
  EXPECT_NE(log.find("the last line of the log"), std::string::npos);
  EXPECT_EQ(to_text(operation).find("a-secret-of-mine"), std::string::npos);
  EXPECT_EQ(to_text(service).find("a-secret-of-mine"), std::string::npos);
  backend_.fate = [](const std::string&, int) { return Fate::ready; };
  EXPECT_EQ(deploy(good_request("broken"))["state"], "Succeeded");
  EXPECT_EQ(this->service("broken")["state"], "Healthy");
}

TEST_F(DeployTest, OtherExitsAreTriedThreeTimes) {
  backend_.fate = [](const std::string&, int) { return Fate::crashes; };
  Json operation = deploy(good_request("shaky"));
  EXPECT_EQ(operation["state"], "Failed");
  EXPECT_NE(to_text(operation["error"]).find("exited with code 1"), std::string::npos);
  EXPECT_EQ(backend_.history().size(), 3u);
  backend_.fate = [](const std::string&, int started) {
    return started < 2 ? Fate::crashes : Fate::ready;
  };
  EXPECT_EQ(deploy(good_request("lucky"))["state"], "Succeeded");
}

TEST_F(DeployTest, ALayoutThatFailsFailsTheCreation) {
  backend_.fail_prepare("the disk is full");
  auto rows = row_counts();
  Json operation = deploy(good_request("broken"));
  EXPECT_EQ(operation["state"], "Failed");
  EXPECT_NE(to_text(operation["error"]).find("the disk is full"), std::string::npos);
  rows["operations"] += 1;
  EXPECT_EQ(row_counts(), rows);
}

TEST_F(DeployTest, AnEnvironmentThatCannotBeHadFailsTheCreation) {
  auto rows = row_counts();
  Json request = good_request("broken");
  request["environmentImageRequest"]["environment"]["python"] = {
      {"condaDependencies", {{"dependencies", {"python=3.11", {{"pip", {"six==1.16.0"}}}}}}}};
  Json operation = deploy(request);  // uv is /bin/false here
  EXPECT_EQ(operation["state"], "Failed");
  EXPECT_EQ(operation["error"]["code"], "EnvironmentBuildFailed");
  EXPECT_EQ(operation["operationDetails"]["subOperationType"], "BuildEnvironment");
  rows["operations"] += 1;
  EXPECT_EQ(row_counts(), rows);
}

TEST_F(DeployTest, AnUpdateIsSwitchedInOneStepAndTheOldOneDrainedFirst) {
  FakeRouter& router = *router_;
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  Ids old = alive();
  std::string keys = mms("POST", "services/svc/listkeys").body;
  router.drains = false;
  Json request = good_request("svc");
  request["overwrite"] = true;
  Json operation = deploy(request);
  ASSERT_EQ(operation["state"], "Succeeded") << log_of(operation);
  // The operation ends when the new one serves; the old one is out of the table and still alive.
  Ids fresh = router.replicas_of("svc");
  EXPECT_EQ(fresh.size(), 1u);
  EXPECT_NE(fresh, old);
  EXPECT_TRUE(alive().contains(only(old)));
  // Once it served, at no time was there a table without a replica, or with both.
  EXPECT_EQ(router.seen("svc"), (std::vector<Ids>{Ids{}, old, fresh}));
  router.drains = true;
  EXPECT_TRUE(eventually([&] { return alive() == fresh && backend_.versions() == 1; }));
  EXPECT_EQ(mms("POST", "services/svc/listkeys").body, keys);
  EXPECT_EQ(service("svc")["tidegate"]["generation"], 2);
}

TEST_F(DeployTest, ARouterThatStartsAnewHoldsNothingUp) {
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  Ids old = alive();
  router_->drains = false;
  Json request = good_request("svc");
  request["overwrite"] = true;
  ASSERT_EQ(deploy(request)["state"], "Succeeded");
  std::uint64_t table = router_->table().version;
  EXPECT_TRUE(alive().contains(only(old)));
  router_.reset();  // killed with requests in flight; the new process never knew the old replica
  router_ = std::make_unique<FakeRouter>(link_socket(), table);
  router_->drains = false;
  EXPECT_TRUE(eventually([&] { return !alive().contains(only(old)); }));
}

TEST_F(DeployTest, OfTwoRequestsForOneNameOneIsRefused) {
  Json first = good_request("svc");
  Json second = good_request("svc");
  auto rows = row_counts();
  Answer other;
  std::thread thread([&] { other = mms("POST", "services", second); });
  Answer one = mms("POST", "services", first);
  thread.join();
  EXPECT_EQ(std::min(one.status, other.status), 202) << one.body << other.body;
  EXPECT_EQ(std::max(one.status, other.status), 409) << one.body << other.body;
  Json operation = follow(one.status == 202 ? one : other);
  EXPECT_EQ(operation["state"], "Succeeded") << to_text(operation);
  EXPECT_EQ(row_counts()["services"], 1);
  EXPECT_EQ(row_counts()["assets"], rows["assets"] - 1);  // that of the refused one is gone
}

TEST_F(DeployTest, AnOperationWaitsUntilTheRouterHasAppliedTheTable) {
  FakeRouter& router = *router_;
  router.applies = false;
  Answer accepted = mms("POST", "services", good_request("svc"));
  std::string location = accepted.header("Operation-Location");
  std::string id = location.substr(location.rfind('/') + 1);
  ASSERT_TRUE(eventually([&] { return router.replicas_of("svc").size() == 1; }));
  ASSERT_TRUE(eventually([&] {
    return operation(id)["tidegate"]["waitingFor"] ==
           "waiting for the router to apply the new routing table";
  }));
  EXPECT_EQ(operation(id)["state"], "Running");
  router.applies = true;
  EXPECT_EQ(follow(accepted)["state"], "Succeeded");
}

TEST_F(DeployTest, AnUpdateThatFailsLeavesTheOldOneServing) {
  FakeRouter& router = *router_;
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  Ids old = alive();
  auto rows = row_counts();
  auto files = file_tree();
  backend_.fate = [](const std::string& version, int) {
    return version.ends_with(".2") ? Fate::script_fails : Fate::ready;
  };
  Json request =
      request_for("svc", upload_source({{"score.py", std::string(kGoodScript) + "#\n"}}));
  request["overwrite"] = true;
  Json operation = deploy(request);
  EXPECT_EQ(operation["state"], "Failed");
  rows["operations"] += 1;
  EXPECT_EQ(row_counts(), rows);
  EXPECT_EQ(file_tree(), files);
  EXPECT_EQ(alive(), old);
  EXPECT_EQ(router.seen("svc"), (std::vector<Ids>{Ids{}, old}));
  Json service = this->service("svc");
  EXPECT_EQ(service["state"], "Healthy");
  EXPECT_EQ(service["error"]["code"], "KubernetesDeploymentFailed");
  EXPECT_EQ(service["tidegate"]["generation"], 1);
  // The next one gets a number of its own, and clears the error.
  Json again = good_request("svc");
  again["overwrite"] = true;
  EXPECT_EQ(deploy(again)["state"], "Succeeded");
  EXPECT_EQ(this->service("svc")["tidegate"]["generation"], 3);
  EXPECT_EQ(this->service("svc")["error"], nullptr);
}

TEST_F(DeployTest, AnotherNumberOfReplicasNeedsNoNewGeneration) {
  FakeRouter& router = *router_;
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  Ids first = alive();
  auto scale = [&](int replicas) {
    return follow(mms("PATCH", "services/svc",
                      {{{"op", "replace"}, {"path", "/numReplicas"}, {"value", replicas}}}));
  };
  EXPECT_EQ(scale(3)["state"], "Succeeded");
  EXPECT_EQ(router.replicas_of("svc").size(), 3u);
  EXPECT_TRUE(router.replicas_of("svc").contains(only(first)));
  EXPECT_EQ(scale(1)["state"], "Succeeded");
  EXPECT_EQ(router.replicas_of("svc"), first);  // the oldest stays
  EXPECT_TRUE(eventually([&] { return alive() == first; }));
  EXPECT_EQ(service("svc")["tidegate"]["generation"], 1);
  EXPECT_EQ(service("svc")["numReplicas"], 1);
}

TEST_F(DeployTest, WhatOnlyRoutersSeeKeepsTheReplicas) {
  FakeRouter& router = *router_;
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  Ids before = alive();
  Json patch = {{{"op", "replace"}, {"path", "/maxQueueWaitMs"}, {"value", 77}},
                {{"op", "replace"}, {"path", "/authEnabled"}, {"value", false}}};
  EXPECT_EQ(follow(mms("PATCH", "services/svc", patch))["state"], "Succeeded");
  table::Service in_table = router.table().services.at(0);
  EXPECT_EQ(in_table.versions.at(0).max_queue_wait.count(), 77);
  EXPECT_FALSE(in_table.auth_enabled);
  EXPECT_EQ(alive(), before);
  EXPECT_EQ(service("svc")["tidegate"]["auth"], "none");
}

TEST_F(DeployTest, WhatReplicasSeeMakesNewOnes) {
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  Ids before = alive();
  Json patch = {{{"op", "replace"}, {"path", "/scoringTimeoutMs"}, {"value", 5'000}}};
  EXPECT_EQ(follow(mms("PATCH", "services/svc", patch))["state"], "Succeeded");
  EXPECT_FALSE(alive().empty());
  EXPECT_EQ(service("svc")["tidegate"]["generation"], 2);
  EXPECT_TRUE(eventually([&] { return !alive().contains(only(before)); }));
}

TEST_F(DeployTest, TagsAreChangedAtOnce) {
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  Json patch = {{{"op", "replace"}, {"path", "/kvTags"}, {"value", {{"a", "b"}}}},
                {{"op", "add"}, {"path", "/properties/p"}, {"value", "q"}}};
  Answer answer = mms("PATCH", "services/svc", patch);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.header("Operation-Location"), "");
  EXPECT_EQ(service("svc")["kvTags"]["a"], "b");
  EXPECT_EQ(service("svc")["properties"]["p"], "q");
  EXPECT_EQ(mms("GET", "services?tags=a%3Db").json()["value"].size(), 1u);
  EXPECT_EQ(mms("GET", "services?tags=a%3Dc").json()["value"].size(), 0u);
}

TEST_F(DeployTest, ABadPatchIsRefusedWhole) {
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  auto rows = row_counts();
  Json patch = {{{"op", "replace"}, {"path", "/numReplicas"}, {"value", 0}},
                {{"op", "replace"}, {"path", "/nonsense"}, {"value", 1}},
                {{"op", "replace"}, {"path", "/maxQueueWaitMs"}, {"value", 9}}};
  Answer answer = mms("PATCH", "services/svc", patch);
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("numReplicas"), std::string::npos);
  EXPECT_NE(answer.body.find("nonsense"), std::string::npos);
  EXPECT_EQ(mms("PATCH", "services/svc", Json::array()).status, 400);
  EXPECT_EQ(row_counts(), rows);
  EXPECT_EQ(service("svc")["maxQueueWaitMs"], 500);
}

TEST_F(DeployTest, ADeletedServiceIsDrainedAndLeavesOnlyModels) {
  FakeRouter& router = *router_;
  register_model("mymodel");
  auto rows = row_counts();
  auto files = file_tree();
  Json request = good_request("svc");
  request["environmentImageRequest"]["modelIds"] = {"mymodel:1"};
  ASSERT_EQ(deploy(request)["state"], "Succeeded");
  router.drains = false;
  Answer accepted = mms("DELETE", "services/svc");
  ASSERT_TRUE(eventually([&] { return router.table().services.empty(); }));
  EXPECT_EQ(alive().size(), 1u);  // not before the router says so
  router.drains = true;
  EXPECT_EQ(follow(accepted)["state"], "Succeeded");
  rows["operations"] += 2;
  EXPECT_EQ(row_counts(), rows);
  EXPECT_EQ(file_tree(), files);
  EXPECT_EQ(alive(), Ids{});
  EXPECT_EQ(service("svc").value("code", ""), "NotFound");
  EXPECT_EQ(mms("DELETE", "services/svc").status, 204);
}

TEST_F(DeployTest, AReplicaThatDiesIsOutOfTheTableAndReplaced) {
  FakeRouter& router = *router_;
  Json request = good_request("svc");
  request["numReplicas"] = 2;
  ASSERT_EQ(deploy(request)["state"], "Succeeded");
  std::string victim = *alive().begin();
  backend_.kill(victim);
  ASSERT_TRUE(eventually([&] {
    Ids now = router.replicas_of("svc");
    return now.size() == 2 && !now.contains(victim);
  }));
  EXPECT_EQ(service("svc")["state"], "Healthy");
  EXPECT_EQ(router.seen("svc").size(), 4u);  // nobody, both, one, both
}

TEST_F(DeployTest, AServiceWithoutAReadyReplicaIsUnhealthyAndSaysWhy) {
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  backend_.fate = [](const std::string&, int) { return Fate::hangs; };
  backend_.kill(*alive().begin());
  ASSERT_TRUE(eventually([&] { return service("svc")["state"] == "Unhealthy"; }));
  std::string error = to_text(service("svc")["error"]);
  EXPECT_NE(error.find("killed by signal 9"), std::string::npos) << error;
  EXPECT_NE(error.find("the last line of the log"), std::string::npos) << error;
  ASSERT_TRUE(eventually([&] { return alive().size() == 1; }));
  backend_.make_ready(*alive().begin());
  ASSERT_TRUE(eventually([&] { return service("svc")["state"] == "Healthy"; }));
  EXPECT_EQ(service("svc")["error"], nullptr);
}

TEST_F(DeployTest, TheLogStreamJoinsEntriesAndGoesOnFromAnOffset) {
  Json operation = deploy(good_request("svc"));
  std::string url = operation["streamingOperationLog"].get<std::string>().substr(16);
  Answer whole = control::ask(api_socket(), "GET", url);  // by its signature alone
  ASSERT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body.find('\n'), std::string::npos);
  EXPECT_NE(whole.body.find("#20"), std::string::npos) << whole.body;
  auto first = whole.body.find('#') + 1;
  Answer rest = control::ask(api_socket(), "GET", url + "?offset=" + std::to_string(first));
  EXPECT_EQ(rest.body, whole.body.substr(first));
  EXPECT_EQ(control::ask(api_socket(), "GET", url.substr(0, url.find('?'))).status, 401);
}

TEST_F(DeployTest, GeneratedIdsOfTheSdkAreUnderstood) {
  std::string source = upload_source({{"score.py", kGoodScript}});
  std::string driver = upload("tmp_driver.py", kGoodScript);
  Json request = request_for("sdk-made", source);
  Json& image = request["environmentImageRequest"];
  image["driverProgram"] = "driver";
  image["assets"][0]["id"] = "source.tar.gz";
  image["assets"].push_back(
      {{"id", "driver"}, {"url", "aml://asset/" + driver}, {"mimeType", "application/x-python"}});
  image["environment"].erase("environmentVariables");
  Json operation = deploy(request);
  ASSERT_EQ(operation["state"], "Succeeded") << to_text(operation["error"]);
  EXPECT_EQ(backend_.source_had(), (Ids{"src/score.py", "tmp_driver.py"}));
}

TEST_F(DeployTest, AComputeInUseStays) {
  Json aks{{"properties", {{"computeType", "AKS"}}}};
  ASSERT_EQ(ask("PUT", kWorkspace + "/computes/myaks", aks).status, 201);
  Json request = good_request("svc");
  request["computeName"] = "myaks";
  ASSERT_EQ(deploy(request)["state"], "Succeeded");
  Answer refused = ask("DELETE", kWorkspace + "/computes/myaks");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("svc"), std::string::npos);
}

}  // namespace
}  // namespace tidegate::control
