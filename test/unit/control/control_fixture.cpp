#include "control_fixture.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "archive/pack.h"
#include "http/listen.h"

namespace tidegate::control {
namespace {

os::UniqueFd listen_at(const os::Path& socket) {
  auto fd = http::listen_on(
      {.kind = http::Address::Kind::unix_socket, .host = {}, .port = 0, .path = socket.string()},
      {});
  EXPECT_TRUE(fd.has_value()) << fd.error().message;
  return std::move(*fd);
}

}  // namespace

void ControlTest::start() {
  std::vector<os::UniqueFd> api;
  api.push_back(listen_at(api_socket()));
  control_ = std::make_unique<Control>(ControlOptions{.data_dir = data_dir(),
                                                      .scoring_base = "http://127.0.0.1:8900",
                                                      .api_address = "",
                                                      .version = "1.2.3",
                                                      .uv = "/bin/false",
                                                      .start_limit = start_limit_,
                                                      .schedule_limit = schedule_limit_,
                                                      .clusters = clusters_},
                                       clock_, random_, runner_, backend_, std::move(api),
                                       listen_at(link_socket()), make_cluster_);
  thread_ = std::thread([this] {
    auto ran = control_->run();
    EXPECT_TRUE(ran.has_value()) << ran.error().message;
  });
  ASSERT_TRUE(eventually(
      [&] { return control::ask(api_socket(), "GET", "/tidegate/v1/health").status == 200; }));
  router_ = std::make_unique<FakeRouter>(link_socket());
}

void ControlTest::stop(bool stop_replicas) {
  if (!control_) return;
  control_->stop(stop_replicas);
  thread_.join();
  router_.reset();
  control_.reset();
}

std::string ControlTest::token() {
  auto text = os::read_file(data_dir() / "api.token");
  EXPECT_TRUE(text.has_value());
  return text->substr(0, text->find('\n'));
}

Answer ControlTest::ask(const std::string& method, const std::string& target, const Json& body) {
  return control::ask(api_socket(), method, target, body.is_null() ? "" : to_text(body),
                      {{"Authorization", "Bearer " + token()}});
}

std::string ControlTest::upload(const std::string& name, const std::string& content) {
  std::string container = fmt::format("c{}", ++uploads_);
  Answer places = ask(
      "POST", "/artifact/v2.0" + kWorkspace + "/artifacts/batch/metadata/LocalUpload/" + container,
      {{"paths", {{{"path", name}}}}});
  EXPECT_EQ(places.status, 200) << places.body;
  std::string uri = places.json()["artifactContentInformation"][name]["contentUri"];
  Answer put = control::ask(api_socket(), "PUT", uri.substr(std::string("http://localhost").size()),
                            content);
  EXPECT_EQ(put.status, 201) << put.body;
  Answer asset =
      mms("POST", "assets",
          {{"name", name}, {"artifacts", {{{"prefix", "LocalUpload/" + container + "/" + name}}}}});
  EXPECT_EQ(asset.status, 200) << asset.body;
  return asset.json()["id"];
}

std::string ControlTest::upload_source(const std::map<std::string, std::string>& files) {
  os::Path source = folder_ / fmt::format("source{}", ++uploads_) / "src";
  for (const auto& [name, text] : files) {
    EXPECT_TRUE(os::make_directories((source / name).parent_path()).has_value());
    EXPECT_TRUE(os::write_file_atomic(source / name, text).has_value());
  }
  os::Path packed = source.parent_path() / "source.tar.gz";
  auto done = archive::pack(source, packed, {}, [](std::string_view, std::string_view) {});
  EXPECT_TRUE(done.has_value()) << done.error().message;
  return upload("source.tar.gz", *os::read_file(packed));
}

void ControlTest::register_model(const std::string& name) {
  std::string asset = upload("model.pkl", "content of " + name);
  Answer model =
      mms("POST", "models", {{"name", name}, {"url", "aml://asset/" + asset}, {"mimeType", "x"}});
  EXPECT_EQ(model.status, 200) << model.body;
}

Json ControlTest::request_for(const std::string& name, const std::string& asset_id) {
  Json environment{{"name", "env"},
                   {"python", {{"userManagedDependencies", true}, {"interpreterPath", "python3"}}},
                   {"environmentVariables", {{"AZUREML_ENTRY_SCRIPT", "src/score.py"}}}};
  Json image{{"driverProgram", nullptr},
             {"assets",
              {{{"id", asset_id},
                {"url", "aml://asset/" + asset_id},
                {"mimeType", "application/octet-stream"},
                {"unpack", true}}}},
             {"modelIds", Json::array()},
             {"environment", std::move(environment)}};
  return Json{{"name", name},
              {"computeType", "AKS"},
              {"computeName", "machine"},
              {"numReplicas", 1},
              {"environmentImageRequest", std::move(image)}};
}

Json ControlTest::deploy(const Json& request) {
  return follow(mms("POST", "services", request));
}

Json ControlTest::follow(const Answer& accepted) {
  EXPECT_EQ(accepted.status, 202) << accepted.body;
  std::string location = accepted.header("Operation-Location");
  std::string id = location.substr(location.rfind('/') + 1);
  Json last;
  EXPECT_TRUE(eventually([&] {
    last = operation(id);
    std::string state = last.value("state", "");
    return state == "Succeeded" || state == "Failed";
  })) << to_text(last);
  return last;
}

bool ControlTest::eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 4'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(Milliseconds(5));
  }
  return false;
}

std::map<std::string, long> ControlTest::row_counts() {
  std::map<std::string, long> counts;
  sqlite3* db = nullptr;
  sqlite3_open_v2((data_dir() / "tidegate.db").c_str(), &db, SQLITE_OPEN_READONLY, nullptr);
  for (const char* table :
       {"artifacts", "assets", "asset_files", "models", "model_files", "model_names", "computes",
        "services", "versions", "replicas", "operations"}) {
    sqlite3_stmt* statement = nullptr;
    std::string text = fmt::format("SELECT count(*) FROM {}", table);
    sqlite3_prepare_v2(db, text.c_str(), -1, &statement, nullptr);
    if (sqlite3_step(statement) == SQLITE_ROW) counts[table] = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
  }
  sqlite3_close(db);
  return counts;
}

std::vector<std::string> ControlTest::file_tree() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_dir())) {
    std::string name = entry.path().lexically_relative(data_dir()).string();
    if (entry.is_regular_file() && !name.starts_with("tidegate.db") &&
        !name.starts_with("operations/") && !name.starts_with("run/")) {
      names.push_back(name);
    }
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace tidegate::control
