#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/control.h"
#include "fake_backend.h"
#include "fake_router.h"
#include "http_client.h"
#include "os/process.h"
#include "os/real_clock.h"
#include "os/real_random.h"
#include "support/temp_dir.h"

namespace tidegate::control {

inline const std::string kWorkspace =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/tidegate/providers/"
    "Microsoft.MachineLearningServices/workspaces/default";
inline const std::string kManagement = "/modelmanagement/v1.0" + kWorkspace;

inline const char* const kGoodScript = "def init():\n  pass\n\ndef run(data):\n  return data\n";

// A real control on a real store, with replicas in memory; it is asked over its socket.
class ControlTest : public ::testing::Test {
 protected:
  void SetUp() override { start(); }
  void TearDown() override { stop(/*stop_replicas=*/false); }

  void start();
  void stop(bool stop_replicas);

  os::Path data_dir() const { return folder_.path() / "data"; }
  os::Path api_socket() const { return folder_ / "api.sock"; }
  os::Path link_socket() const { return folder_ / "link.sock"; }

  // With the token.
  Answer ask(const std::string& method, const std::string& target, const Json& body = nullptr);
  Answer mms(const std::string& method, const std::string& path, const Json& body = nullptr) {
    return ask(method, kManagement + "/" + path, body);
  }
  std::string token();

  // Uploads one file and makes an asset of it; returns the asset's id.
  std::string upload(const std::string& name, const std::string& content);
  // A tar.gz of a folder `src` with these files, as an asset.
  std::string upload_source(const std::map<std::string, std::string>& files);
  void register_model(const std::string& name);

  // A create request for a service that runs score.py of an uploaded `src`.
  Json request_for(const std::string& name, const std::string& asset_id);
  Json good_request(const std::string& name) {
    return request_for(name, upload_source({{"score.py", kGoodScript}}));
  }

  // Deploys and waits; the operation as it ended.
  Json deploy(const Json& request);
  // Follows an accepted answer (202) to its end.
  Json follow(const Answer& accepted);
  Json operation(const std::string& id) { return mms("GET", "operations/" + id).json(); }
  Json service(const std::string& name) { return mms("GET", "services/" + name).json(); }

  // Waits until the condition holds; false after 20 s.
  static bool eventually(const std::function<bool()>& condition);

  // Rows per table, and names of all files that are about content.
  std::map<std::string, long> row_counts();
  std::vector<std::string> file_tree();

  test::TempDir folder_;
  os::RealClock clock_;
  os::RealRandom random_;
  os::RealCommandRunner runner_;
  FakeBackend backend_{folder_.path() / "data"};
  Milliseconds start_limit_{310'000};
  Milliseconds schedule_limit_{300'000};
  MakeCluster make_cluster_;  // none
  ClusterAccess* clusters_ = nullptr;
  std::unique_ptr<Control> control_;
  std::unique_ptr<FakeRouter> router_;  // connected from start() to stop()
  std::thread thread_;
  int uploads_ = 0;
};

}  // namespace tidegate::control
