// A control that ends, at any point, and the one that comes after it.
#include "control_fixture.h"

namespace tidegate::control {
namespace {

using Fate = FakeBackend::Fate;
using Ids = std::set<std::string>;

class RestartTest : public ControlTest {
 protected:
  std::string accept(const Json& request) {
    Answer accepted = mms("POST", "services", request);
    EXPECT_EQ(accepted.status, 202) << accepted.body;
    std::string location = accepted.header("Operation-Location");
    return location.substr(location.rfind('/') + 1);
  }
  bool ends_as(const std::string& id, const std::string& state) {
    return eventually([&] { return operation(id)["state"] == state; });
  }
  void restart(bool stop_replicas = false) {
    stop(stop_replicas);
    start();
  }
};

TEST_F(RestartTest, WhatRunsIsAdopted) {
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  std::uint64_t table = router_->table().version;
  auto before = backend_.alive();
  auto history = backend_.history();
  restart();
  ASSERT_TRUE(eventually([&] { return router_->table().version > 0; }));
  EXPECT_EQ(router_->table().version, table);  // nothing new to say
  ASSERT_TRUE(eventually([&] {
    Json replicas = service("svc")["tidegate"]["replicas"];
    return replicas.size() == 1 && replicas[0]["phase"] == "ready";
  }));
  EXPECT_EQ(backend_.alive(), before);
  EXPECT_EQ(backend_.history(), history);
  EXPECT_EQ(service("svc")["state"], "Healthy");
}

TEST_F(RestartTest, ADeploymentThatWaitedForInitGoesOn) {
  backend_.fate = [](const std::string&, int) { return Fate::hangs; };
  std::string id = accept(good_request("svc"));
  ASSERT_TRUE(eventually([&] { return backend_.alive().size() == 1; }));
  restart();
  backend_.make_ready(backend_.alive().at(0));
  EXPECT_TRUE(ends_as(id, "Succeeded"));
  EXPECT_EQ(backend_.history().size(), 1u);  // the same replica
}

TEST_F(RestartTest, ADeploymentGoesOnWhereverItWasCutOff) {
  for (int delay_ms = 0; delay_ms < 60; delay_ms += 6) {
    SCOPED_TRACE(delay_ms);
    std::string name = "svc" + std::to_string(delay_ms);
    std::string id = accept(good_request(name));
    std::this_thread::sleep_for(Milliseconds(delay_ms));
    restart();
    EXPECT_TRUE(ends_as(id, "Succeeded")) << to_text(operation(id));
    EXPECT_EQ(service(name)["state"], "Healthy");
    EXPECT_EQ(service(name)["tidegate"]["replicas"].size(), 1u);
  }
  EXPECT_EQ(backend_.alive().size(), 10u);
}

TEST_F(RestartTest, AFailureIsClearedAwayAfterwardsToo) {
  auto rows = row_counts();
  backend_.fate = [](const std::string&, int) { return Fate::hangs; };
  std::string id = accept(good_request("svc"));
  ASSERT_TRUE(eventually([&] { return backend_.alive().size() == 1; }));
  stop(/*stop_replicas=*/false);
  backend_.kill(backend_.alive().at(0));
  backend_.fate = [](const std::string&, int) { return Fate::crashes; };
  start();
  EXPECT_TRUE(ends_as(id, "Failed"));
  rows["operations"] += 1;
  EXPECT_EQ(row_counts(), rows);
}

TEST_F(RestartTest, StoppingStopsReplicasAndTheNextStartBringsThemBack) {
  Json request = good_request("svc");
  request["numReplicas"] = 2;
  ASSERT_EQ(deploy(request)["state"], "Succeeded");
  auto before = backend_.alive();
  std::string keys = mms("POST", "services/svc/listkeys").body;
  stop(/*stop_replicas=*/true);
  EXPECT_TRUE(backend_.alive().empty());
  EXPECT_TRUE(backend_.observe()->empty());
  start();
  EXPECT_TRUE(eventually([&] { return service("svc")["state"] == "Healthy"; }));
  EXPECT_TRUE(eventually([&] { return backend_.alive().size() == 2; }));
  EXPECT_EQ(mms("POST", "services/svc/listkeys").body, keys);
}

TEST_F(RestartTest, AReplicaThatLostItsProcessHasToGetReadyAgain) {
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  std::string id = backend_.alive().at(0);
  stop(/*stop_replicas=*/false);
  ASSERT_TRUE(backend_.forget(id).has_value());  // the machine was switched off
  backend_.fate = [](const std::string&, int) { return Fate::hangs; };
  start();
  ASSERT_TRUE(eventually([&] { return backend_.alive().size() == 1; }));
  ASSERT_TRUE(eventually([&] { return !router_->table().services.empty(); }));
  EXPECT_TRUE(eventually([&] { return router_->replicas_of("svc").empty(); }));
  backend_.make_ready(backend_.alive().at(0));
  EXPECT_TRUE(eventually([&] { return router_->replicas_of("svc").size() == 1; }));
}

TEST_F(RestartTest, TheTokenStaysAndIsForTheOwnerAlone) {
  std::string before = token();
  restart();
  EXPECT_EQ(token(), before);
  auto mode = std::filesystem::status(data_dir() / "api.token").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(RestartTest, ATableOnDiskThatIsDamagedIsMadeAnew) {
  ASSERT_EQ(deploy(good_request("svc"))["state"], "Succeeded");
  std::uint64_t table = router_->table().version;
  stop(/*stop_replicas=*/false);
  ASSERT_TRUE(os::write_file_atomic(data_dir() / "run" / "table.pb", "rubbish").has_value());
  start();
  FakeRouter router(link_socket(), /*has_table=*/table + 5);
  // Newer than what the router has, or it would be ignored.
  EXPECT_TRUE(eventually(
      [&] { return router.table().version > table + 5 && router.replicas_of("svc").size() == 1; }));
}

TEST_F(RestartTest, WhatACrashLeftInTheFoldersIsGoneAtTheNextStart) {
  stop(/*stop_replicas=*/false);
  auto files = file_tree();
  ASSERT_TRUE(os::make_directories(data_dir() / "staging" / "x").has_value());
  ASSERT_TRUE(os::write_file_atomic(data_dir() / "staging" / "x" / "f", "1").has_value());
  ASSERT_TRUE(os::write_file_atomic(data_dir() / "blobs" / "tmp" / "half", "1").has_value());
  start();
  EXPECT_EQ(file_tree(), files);
}

}  // namespace
}  // namespace tidegate::control
