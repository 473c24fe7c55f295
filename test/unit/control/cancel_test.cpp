// A change that is under way gives way to the next one, on this machine and on clusters.
#include <atomic>

#include "control_fixture.h"
#include "fake_cluster.h"
#include "store/computes.h"
#include "store/store.h"

namespace tidegate::control {
namespace {

class CancelTest : public ControlTest {
 protected:
  void SetUp() override {
    make_cluster_ = fake_clusters({{"myaks", &myaks_}});
    auto store = store::Store::open(data_dir(), clock_, random_);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    domain::ComputeTarget row;
    row.name = "myaks";
    row.workspace = "default";
    row.kind = domain::ComputeKind::kubernetes;
    row.created = clock_.wall();
    row.cluster.emplace();
    row.cluster->kube_namespace = "azureml-default";
    row.cluster->link_token = Secret("link-token");
    ASSERT_TRUE(store::add_compute(*store->db, row).has_value());
    store->db.reset();
    start();
    backend_.fate = [this](const std::string&, int) {
      return hangs_ ? FakeBackend::Fate::hangs : FakeBackend::Fate::ready;
    };
    myaks_.set_fate([this](const std::string&) {
      return hangs_ ? FakeCluster::Fate::unschedulable : FakeCluster::Fate::ready;
    });
  }

  static std::string id_of(const Answer& accepted) {
    EXPECT_EQ(accepted.status, 202) << accepted.body;
    std::string location = accepted.header("Operation-Location");
    return location.substr(location.rfind('/') + 1);
  }
  Json request_on(const std::string& compute) {
    Json request = good_request("svc");
    request["computeName"] = compute;
    return request;
  }
  // Until something of it hangs.
  std::string hang_create(const std::string& compute) {
    hangs_ = true;
    std::string id = id_of(mms("POST", "services", request_on(compute)));
    await_begin(id);
    return id;
  }
  void await_begin(const std::string& id) {
    EXPECT_TRUE(eventually([&] {
      std::string waits = operation(id)["tidegate"]["waitingFor"];
      return waits.starts_with("waiting for init()") || waits.starts_with("waiting for pods: 0");
    })) << to_text(operation(id));
  }
  Answer patch(const std::string& path, const Json& value) {
    return mms("PATCH", "services/svc",
               Json::array({{{"op", "replace"}, {"path", path}, {"value", value}}}));
  }
  void expect_cancelled(const std::string& id, const std::string& by) {
    Json ended = operation(id);
    EXPECT_EQ(ended["state"], "Cancelled") << to_text(ended);
    EXPECT_EQ(ended["error"]["code"], "Cancelled");
    EXPECT_EQ(ended["error"]["message"], "cancelled by " + by);
  }
  bool is_empty() { return myaks_.deployments().empty() && backend_.alive().empty(); }

  std::atomic<bool> hangs_ = false;
  FakeCluster myaks_;
};

TEST_F(CancelTest, ADeleteEndsACreationThatIsUnderWayAndLeavesNothing) {
  auto rows = row_counts();
  for (const char* compute : {"machine", "myaks"}) {
    std::string created = hang_create(compute);
    Json deleted = follow(mms("DELETE", "services/svc"));
    EXPECT_EQ(deleted["state"], "Succeeded") << to_text(deleted);
    expect_cancelled(created, "service delete");
    EXPECT_TRUE(is_empty());
    EXPECT_EQ(mms("GET", "services/svc").status, 404);
    EXPECT_EQ(row_counts()["versions"], rows["versions"]);
    EXPECT_EQ(row_counts()["services"], rows["services"]);
  }
}

TEST_F(CancelTest, ADeleteEndsAnUpdateThatIsUnderWay) {
  for (const char* compute : {"machine", "myaks"}) {
    hangs_ = false;
    ASSERT_EQ(deploy(request_on(compute))["state"], "Succeeded");
    hangs_ = true;
    std::string updated =
        id_of(patch("/environmentImageRequest", request_on(compute)["environmentImageRequest"]));
    await_begin(updated);
    EXPECT_EQ(follow(mms("DELETE", "services/svc"))["state"], "Succeeded");
    expect_cancelled(updated, "service delete");
    EXPECT_TRUE(is_empty());
  }
}

TEST_F(CancelTest, ANewerUpdateTakesThePlaceOfTheOneThatIsUnderWay) {
  for (const char* compute : {"machine", "myaks"}) {
    hangs_ = false;
    ASSERT_EQ(deploy(request_on(compute))["state"], "Succeeded");
    hangs_ = true;
    Json code = request_on(compute)["environmentImageRequest"];
    std::string first = id_of(patch("/environmentImageRequest", code));
    await_begin(first);
    hangs_ = false;
    Json second = follow(patch("/scoringTimeoutMs", 7'000));
    EXPECT_EQ(second["state"], "Succeeded") << to_text(second);
    expect_cancelled(first, "service update: a newer change of it");
    EXPECT_EQ(service("svc")["scoringTimeoutMs"], 7'000);
    // What the first wanted is still wanted.
    EXPECT_EQ(service("svc")["environmentImageRequest"]["assets"][0]["id"],
              code["assets"][0]["id"]);
    EXPECT_EQ(service("svc")["state"], "Healthy");
    EXPECT_TRUE(eventually([&] { return row_counts()["versions"] == 1; }));
    EXPECT_EQ(follow(mms("DELETE", "services/svc"))["state"], "Succeeded");
  }
}

TEST_F(CancelTest, AnUpdateTakesThePlaceOfACreationThatIsUnderWay) {
  for (const char* compute : {"machine", "myaks"}) {
    std::string created = hang_create(compute);
    hangs_ = false;
    Json next = follow(patch("/numReplicas", 2));
    EXPECT_EQ(next["state"], "Succeeded") << to_text(next);
    expect_cancelled(created, "service update: a newer change of it");
    EXPECT_EQ(service("svc")["deploymentStatus"]["availableReplicas"], 2);
    EXPECT_EQ(follow(mms("DELETE", "services/svc"))["state"], "Succeeded");
  }
}

TEST_F(CancelTest, TagsOfAServiceThatIsComingUpChangeWithoutEndingThat) {
  std::string created = hang_create("myaks");
  EXPECT_EQ(patch("/kvTags", Json{{"a", "b"}}).status, 200);
  EXPECT_EQ(operation(created)["state"], "Running");
  hangs_ = false;
  EXPECT_TRUE(eventually([&] { return operation(created)["state"] == "Succeeded"; }));
  EXPECT_EQ(service("svc")["kvTags"], (Json{{"a", "b"}}));
}

TEST_F(CancelTest, WhatIsBeingDeletedStaysSo) {
  ASSERT_EQ(deploy(request_on("myaks"))["state"], "Succeeded");
  myaks_.is_away = true;
  std::string deleted = id_of(mms("DELETE", "services/svc"));
  Answer refused = patch("/numReplicas", 2);
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("service svc is being deleted (operation DeleteService " + deleted),
            std::string::npos)
      << refused.body;
  EXPECT_EQ(mms("DELETE", "services/svc").status, 409);
  myaks_.is_away = false;
  EXPECT_TRUE(eventually([&] { return operation(deleted)["state"] == "Succeeded"; }));
}

TEST_F(CancelTest, ADeleteEndsTheBuildOfAnImage) {
  myaks_.build_hangs = true;
  std::string created = id_of(mms("POST", "services", request_on("myaks")));
  ASSERT_TRUE(eventually([&] { return myaks_.builds_under_way == 1; }));
  EXPECT_EQ(follow(mms("DELETE", "services/svc"))["state"], "Succeeded");
  expect_cancelled(created, "service delete");
  ASSERT_TRUE(eventually([&] { return myaks_.builds_under_way == 0; }));
  myaks_.build_hangs = false;
  EXPECT_EQ(deploy(request_on("myaks"))["state"], "Succeeded");
}

}  // namespace
}  // namespace tidegate::control
