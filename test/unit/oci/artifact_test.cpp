#include "oci/artifact.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "archive/pack.h"
#include "fetch/curl_client.h"
#include "os/file_lock.h"
#include "os/sha256.h"
#include "unit/oci/docker_registry.h"

namespace tidegate::oci {
namespace {

namespace fs = std::filesystem;

struct ArtifactTest : testing::Test {
  test::TempDir dir;
  DockerRegistry server;
  fetch::CurlClient http;
  Registry registry{{.address = server.address(), .is_plain_http = true}, http};
  std::vector<std::string> lines;
  LineSink sink = [this](std::string_view line) { lines.emplace_back(line); };

  void write(const os::Path& path, const std::string& text) {
    ASSERT_TRUE(os::make_directories(path.parent_path()).has_value());
    ASSERT_TRUE(os::write_file_quick(path, text).has_value());
  }
  Piece piece(const std::string& target, const std::string& text) {
    os::Path file = dir / ("file-" + os::sha256_hex(text).substr(0, 8));
    write(file, text);
    return {.file = file, .sha256 = os::sha256_hex(text), .target = target};
  }
  // The source "src" with score.py and lib/helper.py.
  Piece source() {
    write(dir / "src/score.py", "def init(): pass\n");
    write(dir / "src/lib/helper.py", "x = 1\n");
    os::Path tar = dir / "src.tar.gz";
    EXPECT_TRUE(archive::pack(dir / "src", tar, {}, [](auto, auto) {}).has_value());
    return {.file = tar, .sha256 = os::sha256_hex_of_file(tar).value(), .is_tar = true};
  }
  std::vector<Piece> pieces() {
    std::vector<Piece> all{source(),
                           piece("azureml-models/m/1/model.pkl", std::string(200'000, 'm')),
                           piece("azureml-models/m/1/run.sh", "#!/bin/sh\n")};
    all.back().executable = true;
    return all;
  }
  std::string push(const std::vector<Piece>& all) {
    auto digest = push_artifact(registry, "apps/one", all, sink);
    EXPECT_TRUE(digest.has_value()) << digest.error().message;
    return digest.value_or("");
  }
  Result<> pull(const std::string& digest, std::string_view into = "app",
                std::string_view cache = "") {
    PullOptions options{.repository = "apps/one", .digest = digest, .into = dir / into};
    if (!cache.empty()) options.cache = dir / cache;
    return pull_artifact(registry, options, sink);
  }
  std::string text(const std::string& path) { return os::read_file(dir / path).value_or("<none>"); }
  unsigned mode(const std::string& path) {
    struct stat info{};
    EXPECT_EQ(::lstat((dir / path).c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }
  void expect_whole(const std::string& app) {
    EXPECT_EQ(text(app + "/src/score.py"), "def init(): pass\n");
    EXPECT_EQ(text(app + "/src/lib/helper.py"), "x = 1\n");
    EXPECT_EQ(text(app + "/azureml-models/m/1/model.pkl"), std::string(200'000, 'm'));
    EXPECT_FALSE(fs::exists(dir / app / ".tidegate-pull"));
  }
  int count(std::string_view end) {
    return static_cast<int>(
        std::ranges::count_if(lines, [&](const std::string& line) { return line.ends_with(end); }));
  }
};

TEST_F(ArtifactTest, WhatIsPulledIsWhatWasPushedAndModelsAreReadOnly) {
  auto pulled = pull(push(pieces()));
  ASSERT_TRUE(pulled.has_value()) << pulled.error().message;
  expect_whole("app");
  EXPECT_EQ(mode("app/azureml-models/m/1/model.pkl"), 0444U);
  EXPECT_EQ(mode("app/azureml-models/m/1/run.sh"), 0555U);
  for (const char* folder :
       {"app/azureml-models", "app/azureml-models/m", "app/azureml-models/m/1"})
    EXPECT_EQ(mode(folder), 0555U) << folder;
  EXPECT_EQ(mode("app/src/score.py"), 0644U);
  EXPECT_EQ(mode("app/src"), 0755U);
}

TEST_F(ArtifactTest, TheSamePiecesHaveTheSameDigestAndAreSentOnce) {
  std::vector<Piece> all = pieces();
  std::string first = push(all);
  EXPECT_EQ(count("sent"), 3);
  std::ranges::reverse(all);
  EXPECT_EQ(push(all), first);
  EXPECT_EQ(count("there already"), 3);
  all[0].target += "x";
  EXPECT_NE(push(all), first);
}

TEST_F(ArtifactTest, ItIsKeptFromGarbageCollectorsByATagOfItsOwn) {
  std::string digest = push(pieces());
  auto found = registry.manifest("apps/one", "app-" + digest.substr(7));
  ASSERT_TRUE(found.has_value() && found->has_value());
  EXPECT_EQ((*found)->digest, digest);
}

TEST_F(ArtifactTest, ARegistryThatDiesDuringAPushHasNoManifest) {
  std::vector<Piece> all = pieces();
  auto pushed = push_artifact(registry, "apps/one", all, [&](std::string_view) { server.kill(); });
  ASSERT_FALSE(pushed.has_value());
  EXPECT_EQ(pushed.error().code, Code::unavailable) << pushed.error().message;
  EXPECT_NE(pushed.error().message.find(server.address()), std::string::npos);
  server.start();
  auto tags = http.send({.url = "http://" + server.address() + "/v2/apps/one/tags/list"});
  EXPECT_EQ(tags->body.find("app-"), std::string::npos) << tags->body;
  // The same push again goes on from what is there.
  auto pulled = pull(push(all));
  ASSERT_TRUE(pulled.has_value()) << pulled.error().message;
  EXPECT_EQ(count("there already"), 1);
}

TEST_F(ArtifactTest, WhatCannotBePulledIsNotPushed) {
  EXPECT_FALSE(push_artifact(registry, "apps/one", {piece("../x", "x")}, sink).has_value());
  EXPECT_FALSE(push_artifact(registry, "apps/one", {}, sink).has_value());
  Piece missing{.file = dir / "missing", .sha256 = std::string(64, 'a'), .target = "x"};
  Error error = push_artifact(registry, "apps/one", {missing}, sink).error();
  EXPECT_EQ(error.code, Code::not_found);
  EXPECT_NE(error.message.find("missing"), std::string::npos);
}

TEST_F(ArtifactTest, AnUnknownDigestIsAnErrorThatNamesIt) {
  std::string digest = "sha256:" + std::string(64, 'e');
  Error error = pull(digest).error();
  EXPECT_EQ(error.code, Code::not_found);
  EXPECT_NE(error.message.find(server.address() + "/apps/one@" + digest), std::string::npos)
      << error.message;
  EXPECT_EQ(pull("latest").error().code, Code::invalid);
}

TEST_F(ArtifactTest, ADamagedLayerLeavesTheAppAsItWas) {
  std::string digest = push(pieces());
  std::string model = "sha256:" + os::sha256_hex(std::string(200'000, 'm'));
  write(server.blob_file(model), std::string(200'000, 'M'));
  Error error = pull(digest, "app", "cache").error();
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_NE(error.message.find(model), std::string::npos) << error.message;
  EXPECT_FALSE(fs::exists(dir / "app/src"));
  EXPECT_FALSE(fs::exists(dir / "app/azureml-models"));
  EXPECT_FALSE(fs::exists(dir / "cache/sha256" / model.substr(7)));
}

TEST_F(ArtifactTest, APullReplacesWhatAnEarlierOneLeft) {
  std::string digest = push(pieces());
  write(dir / "app/.tidegate-pull/tree/azureml-models/half", "half");
  write(dir / "app/azureml-models/old", "old");
  write(dir / "app/src", "a file where a folder comes");
  write(dir / "app/other", "not ours");
  ::chmod((dir / "app/azureml-models").c_str(), 0555);
  for (int i = 0; i < 2; ++i) {
    auto pulled = pull(digest);
    ASSERT_TRUE(pulled.has_value()) << pulled.error().message;
    expect_whole("app");
    EXPECT_FALSE(fs::exists(dir / "app/azureml-models/old"));
    EXPECT_EQ(text("app/other"), "not ours");
  }
}

TEST_F(ArtifactTest, ASourceThatBringsAModelsFileIsRefused) {
  write(dir / "src/1/model.pkl", "mine");
  Piece tar = source();
  Error error = pull(push({tar, piece("src/1/model.pkl", "theirs")})).error();
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_NE(error.message.find("src/1/model.pkl"), std::string::npos) << error.message;
  // Folders in common are no conflict.
  EXPECT_TRUE(pull(push({tar, piece("src/1/other.pkl", "theirs")}), "two").has_value());
  EXPECT_EQ(text("two/src/1/model.pkl"), "mine");
}

TEST_F(ArtifactTest, PullsAtOnceShareTheCacheAndFetchEachBlobOnce) {
  std::string digest = push(pieces());
  lines.clear();
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      PullOptions options{.repository = "apps/one",
                          .digest = digest,
                          .into = dir / ("app" + std::to_string(i)),
                          .cache = dir / "cache"};
      auto pulled = pull_artifact(registry, options, [&](std::string_view line) {
        std::lock_guard hold(mutex);
        lines.emplace_back(line);
      });
      EXPECT_TRUE(pulled.has_value()) << pulled.error().message;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 4; ++i) expect_whole("app" + std::to_string(i));
  EXPECT_EQ(count(": fetched"), 3);
  EXPECT_EQ(count(": from the cache"), 9);
}

TEST_F(ArtifactTest, ACacheKeepsWhatWasUsedLastAndNoMoreThanItMay) {
  auto blobs = [&] {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir / "cache/sha256")) {
      if (entry.path().extension() != ".lock") names.insert(entry.path().filename());
    }
    return names;
  };
  std::string digest = push(pieces());
  ASSERT_TRUE(pull(digest, "one", "cache").has_value());
  std::set<std::string> mine = blobs();
  ASSERT_EQ(mine.size(), 3u);
  auto put = [&](const std::string& name, int hours_old) {
    write(dir / "cache/sha256" / name, std::string(1'000, 'x'));
    fs::last_write_time(dir / "cache/sha256" / name,
                        fs::file_time_type::clock::now() - std::chrono::hours(hours_old));
  };
  put("oldest", 9);
  put("left.part", 8);
  put("held", 7);
  put("newest", 1);
  for (const std::string& name : mine) {
    fs::last_write_time(dir / "cache/sha256" / name,
                        fs::file_time_type::clock::now() - std::chrono::hours(100));
  }
  auto held = os::FileLock::try_take(dir / "cache/sha256/held.lock");
  ASSERT_TRUE(held.has_value() && held->has_value());
  std::uint64_t size_of_mine = 0;
  for (const std::string& name : mine) size_of_mine += fs::file_size(dir / "cache/sha256" / name);
  PullOptions options{.repository = "apps/one",
                      .digest = digest,
                      .into = dir / "two",
                      .cache = dir / "cache",
                      .cache_max_bytes = size_of_mine + 2'500};
  ASSERT_TRUE(pull_artifact(registry, options, sink).has_value());
  std::set<std::string> wanted = mine;
  wanted.insert({"held", "newest"});
  EXPECT_EQ(blobs(), wanted);
  // What is needed right now stays even if it is too much.
  options.cache_max_bytes = 0;
  options.into = dir / "three";
  ASSERT_TRUE(pull_artifact(registry, options, sink).has_value());
  wanted = mine;
  wanted.insert("held");
  EXPECT_EQ(blobs(), wanted);
}

TEST_F(ArtifactTest, ACacheThatWasDamagedIsNotBelieved) {
  std::string digest = push(pieces());
  ASSERT_TRUE(pull(digest, "one", "cache").has_value());
  std::string hex = os::sha256_hex(std::string(200'000, 'm'));
  for (std::string damaged : {"", "short"}) {
    write(dir / "cache/sha256" / hex, damaged);
    write(dir / "cache/sha256" / (hex + ".part"), "left by a pull that was killed");
    lines.clear();
    auto pulled = pull(digest, "two", "cache");
    ASSERT_TRUE(pulled.has_value()) << pulled.error().message;
    expect_whole("two");
    EXPECT_EQ(count(": fetched"), 1);
  }
}

}  // namespace
}  // namespace tidegate::oci
