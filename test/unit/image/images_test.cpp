// With a buildah and registries that are scripted: look-up order, and what errors say.
#include "image/images.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <mutex>
#include <set>
#include <thread>

#include "os/file_lock.h"
#include "os/sha256.h"
#include "support/temp_dir.h"

namespace tidegate::image {
namespace {

const std::string kImage = R"({"schemaVersion":2,"of":"image"})";
const std::string kBase = R"({"schemaVersion":2,"of":"base"})";

std::string digest_of(std::string_view manifest) {
  return "sha256:" + os::sha256_hex(manifest);
}

const std::string kDigest = digest_of(kImage);
const std::string kBaseDigest = digest_of(kBase);

// Registries that know manifests only: "host/repository:tag".
class FakeRegistries final : public fetch::Client {
 public:
  std::map<std::string, std::string> manifests = {{"work:5000/base:12", kBase}};
  std::set<std::string> down;  // hosts
  std::map<std::string, int> statuses;

  Result<fetch::Response> send(const fetch::Request& request) override {
    std::lock_guard lock(mutex_);
    auto start = request.url.find("://") + 3;
    auto slash = request.url.find('/', start);
    std::string host = request.url.substr(start, slash - start);
    if (down.contains(host)) return fail(Code::unavailable, host + ": connection refused");
    if (statuses.contains(host)) return fetch::Response{.status = statuses.at(host)};
    std::string path = request.url.substr(slash + std::string("/v2/").size());
    auto at = path.find("/manifests/");
    if (at == std::string::npos) return fetch::Response{.status = 404};
    auto found = manifests.find(host + "/" + path.substr(0, at) + ":" + path.substr(at + 11));
    if (found == manifests.end()) return fetch::Response{.status = 404};
    return fetch::Response{
        .status = 200,
        .headers = {{"Docker-Content-Digest", digest_of(found->second)},
                    {"Content-Type", "application/vnd.oci.image.manifest.v1+json"}},
        .body = found->second};
  }
  void add(const std::string& name, const std::string& manifest) {
    std::lock_guard lock(mutex_);
    manifests[name] = manifest;
  }

 private:
  std::mutex mutex_;
};

// Answers as buildah would, by verb; a push puts the image where the registry finds it.
class FakeBuildah final : public os::CommandRunner {
 public:
  explicit FakeBuildah(FakeRegistries& registries) : registries_(registries) {}
  struct Answer {
    int code = 0;
    int signal = 0;
    std::vector<std::string> lines;
  };
  std::map<std::string, Answer> answers;
  std::string python = "3.11.2\n";
  std::latch* push_gate = nullptr;
  bool is_missing = false;
  std::atomic<int> pushes = 0;
  std::mutex mutex;
  std::vector<std::string> verbs;     // guarded by mutex
  std::string storage;                // guarded by mutex
  std::vector<std::string> removals;  // guarded by mutex; rm and rmi with their last word
  bool can_confine = false;
  std::atomic<int> confined = 0;  // commands that ran so

  Result<os::ExitStatus> run(const os::Command& command, const LineSink& on_line) override {
    if (is_missing) return fail(Code::not_found, "buildah: No such file or directory");
    if (command.argv.back() == "--version") return os::ExitStatus{.code = can_confine ? 0 : 1};
    auto buildah = std::ranges::find(command.argv, "buildah");
    if (buildah != command.argv.begin()) ++confined;
    std::string verb = buildah[7];
    Answer answer;
    {
      std::lock_guard lock(mutex);
      bool removes = verb == "rm" || verb == "rmi";
      (removes ? removals : verbs).push_back(removes ? verb + " " + command.argv.back() : verb);
      storage = buildah[2];
      answer = answers[verb];
    }
    if (verb == "run") write_outputs(command);
    for (const std::string& line : answer.lines) on_line(line);
    bool ok = answer.code == 0 && answer.signal == 0;
    if (verb == "push" && ok) push(command);
    return os::ExitStatus{.code = answer.code, .signal = answer.signal};
  }

 private:
  void write_outputs(const os::Command& command) {
    for (const std::string& word : command.argv) {
      auto at = word.find(":/run/tidegate");
      if (at == std::string::npos || at + 14 != word.size()) continue;
      os::Path inside = word.substr(0, at);
      os::write_file_quick(inside / "python.txt", python).value();
      os::write_file_quick(inside / "lock.txt", "six==1.16.0\n").value();
    }
  }
  void push(const os::Command& command) {
    if (push_gate != nullptr) push_gate->wait();
    ++pushes;
    for (std::size_t i = 0; i + 1 < command.argv.size(); ++i) {
      if (command.argv[i] != "--digestfile") continue;
      os::write_file_quick(command.argv[i + 1], kDigest).value();
    }
    registries_.add(command.argv.back().substr(std::string("docker://").size()), kImage);
  }

  FakeRegistries& registries_;
};

bool is_ready(const std::future<Result<BuiltEnvironment>>& future) {
  return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

class ImagesTest : public testing::Test {
 protected:
  ImagesTest() {
    environment_.base_image = "work:5000/base:12";
    environment_.pip = {"six==1.16.0"};
    environment_.origins = {{"six==1.16.0", "conda.yml:4"}};
  }

  Result<BuiltEnvironment> ensure(const EnvironmentOptions& options = {}) {
    return images_.ensure(environment_, options, [this](std::string_view line) {
      std::lock_guard lock(mutex_);
      log_ += std::string(line) + "\n";
    });
  }
  std::string error_of_ensure(const EnvironmentOptions& options = {}) {
    auto result = ensure(options);
    return result ? "no error" : result.error().message;
  }
  bool logged(std::string_view text) {
    std::lock_guard lock(mutex_);
    return log_.find(text) != std::string::npos;
  }
  // The hash of environment_, by a build that fails at its last step.
  std::string hash() {
    std::string found;
    buildah_.answers["push"] = {.code = 1};
    EXPECT_FALSE(ensure().has_value());
    buildah_.answers.clear();
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "locks")) {
      std::string name = entry.path().filename();
      if (name.size() == 32) found = name;
    }
    EXPECT_EQ(found.size(), 32U);
    return found;
  }

  test::TempDir folder_;
  FakeRegistries registries_;
  FakeBuildah buildah_{registries_};
  domain::Environment environment_;
  std::mutex mutex_;
  std::string log_;  // guarded by mutex_
  Images images_{{.root = folder_.path(),
                  .workspace = {.address = "work:5000", .is_plain_http = true},
                  .global = {.address = "world:5000/curated", .is_plain_http = true},
                  .default_base = "work:5000/base:12"},
                 buildah_,
                 registries_};
};

TEST_F(ImagesTest, WhatAKilledBuildLeftIsRemovedByTheNextBuild) {
  os::Path left = folder_ / "builds" / "0123456789abcdef0123456789abcdef";
  os::make_directories(left / "inside").value();
  ASSERT_TRUE(ensure().has_value());
  EXPECT_FALSE(std::filesystem::exists(left));
  ASSERT_GE(buildah_.removals.size(), 3U);
  EXPECT_EQ(std::vector<std::string>(buildah_.removals.begin(), buildah_.removals.begin() + 3),
            (std::vector<std::string>{"rm --all",
                                      "rmi localhost/azureml_0123456789abcdef0123456789abcdef",
                                      "rmi localhost/base_0123456789abcdef0123456789abcdef"}));
}

TEST_F(ImagesTest, WhileAnotherBuildRunsNothingOfItIsRemoved) {
  os::Path other = folder_ / "builds" / "0123456789abcdef0123456789abcdef";
  os::make_directories(other).value();
  auto held = os::FileLock::try_share(folder_ / "builds.lock").value();
  ASSERT_TRUE(ensure().has_value());
  EXPECT_TRUE(std::filesystem::exists(other));
  EXPECT_EQ(std::ranges::count(buildah_.removals, "rm --all"), 0);
}

TEST_F(ImagesTest, ABuildIsConfinedWhereThatIsPossible) {
  ASSERT_TRUE(ensure().has_value());
  EXPECT_EQ(buildah_.confined, 0);
  FakeBuildah able(registries_);
  able.can_confine = true;
  registries_.manifests = {{"work:5000/base:12", kBase}};
  Images images({.root = folder_.path(), .workspace = {.address = "work:5000"}}, able, registries_);
  ASSERT_TRUE(images.ensure(environment_, {}, [](std::string_view) {}).has_value());
  EXPECT_EQ(static_cast<std::size_t>(able.confined), able.verbs.size() + able.removals.size());
}

TEST_F(ImagesTest, RegistryThatIsDownIsNamedWithWhatToCheck) {
  environment_.base_image = "elsewhere/base@" + kBaseDigest;
  registries_.down = {"work:5000"};
  std::string message = error_of_ensure();
  EXPECT_NE(message.find("workspace registry work:5000 cannot be asked"), std::string::npos)
      << message;
  EXPECT_NE(message.find("check that it runs"), std::string::npos) << message;
  EXPECT_TRUE(buildah_.verbs.empty());
}

TEST_F(ImagesTest, RegistryThatRefusesOurLoginIsNamed) {
  environment_.base_image = "elsewhere/base@" + kBaseDigest;
  registries_.statuses["work:5000"] = 401;
  auto result = ensure();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::unauthenticated) << result.error().message;
  EXPECT_NE(result.error().message.find("registry login"), std::string::npos);
}

TEST_F(ImagesTest, GlobalRegistryThatIsDownIsAWarningAndTheImageIsBuilt) {
  registries_.down = {"world:5000"};
  auto result = ensure();
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->found_in, "built");
  EXPECT_TRUE(logged("WARNING: the global registry world:5000/curated cannot be asked"));
}

TEST_F(ImagesTest, BaseImageThatIsNotThereIsNamed) {
  environment_.base_image = "work:5000/no/such:1";
  auto result = ensure();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::not_found);
  EXPECT_TRUE(result.error().message.starts_with(
      "environment.docker.baseImage: the base image work:5000/no/such:1 cannot be pulled "
      "(InaccessibleImage)"))
      << result.error().message;
}

TEST_F(ImagesTest, BaseImageThatBuildahCannotPullIsNamed) {
  environment_.base_image = "elsewhere.example/base:1";
  buildah_.answers["from"] = {.code = 125, .lines = {"Error: pinging: no such host"}};
  std::string message = error_of_ensure();
  EXPECT_NE(message.find("elsewhere.example/base:1 cannot be pulled (InaccessibleImage)"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("no such host"), std::string::npos);
}

TEST_F(ImagesTest, PackageThatCannotBeHadIsNamedWithItsLine) {
  buildah_.answers["run"] = {
      .code = 1,
      .lines = {"error: No solution found when resolving dependencies",
                "  cause: Because there is no version of six==1.16.0 and you require six==1.16.0"}};
  std::string message = error_of_ensure();
  EXPECT_TRUE(message.starts_with("conda.yml:4: the package six==1.16.0 cannot be had")) << message;
  EXPECT_EQ(buildah_.pushes, 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "builds"));
}

TEST_F(ImagesTest, WhatTheBaseImageLacksIsSaid) {
  const std::pair<int, const char*> cases[] = {{40, "has no Python"}, {43, "python3-venv"}};
  for (const auto& [code, text] : cases) {
    buildah_.answers["run"] = {.code = code};
    std::string message = error_of_ensure();
    EXPECT_NE(message.find(text), std::string::npos) << message;
    EXPECT_NE(message.find(kBaseDigest), std::string::npos) << message;
  }
}

TEST_F(ImagesTest, CondaPackageThatPyPiLacksIsAnErrorOnlyWhereTheBaseHasNoConda) {
  environment_.conda = {"cudatoolkit"};
  EXPECT_TRUE(ensure().has_value());
  environment_.conda = {"cudatoolkit=11"};
  buildah_.answers["run"] = {.code = 41};
  std::string message = error_of_ensure();
  EXPECT_NE(message.find("PyPI does not have the conda package cudatoolkit"), std::string::npos)
      << message;
}

TEST_F(ImagesTest, FullDiskAndKilledBuildAreSaid) {
  buildah_.answers["commit"] = {.code = 125, .lines = {"Error: No space left on device"}};
  auto full = ensure();
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().code, Code::exhausted);
  EXPECT_NE(full.error().message.find(folder_.path().string()), std::string::npos);
  buildah_.answers["commit"] = {.signal = 9};
  auto killed = ensure();
  ASSERT_FALSE(killed.has_value());
  EXPECT_EQ(killed.error().code, Code::unavailable);
}

TEST_F(ImagesTest, PushThatFailsNamesTheRegistryAndIsNotFoundLater) {
  buildah_.answers["push"] = {.code = 125, .lines = {"Error: connection reset"}};
  auto result = ensure();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::unavailable);
  EXPECT_NE(result.error().message.find("pushed to the registry work:5000"), std::string::npos);
  buildah_.answers.clear();
  auto again = ensure();
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_FALSE(again->reused);
}

TEST_F(ImagesTest, MissingBuildahIsSaidWithItsCure) {
  buildah_.is_missing = true;
  EXPECT_NE(error_of_ensure().find("apt-get install buildah"), std::string::npos);
}

TEST_F(ImagesTest, EnvironmentWithoutAnyBaseImageIsRefused) {
  Images images({.root = folder_.path(), .workspace = {.address = "work:5000"}}, buildah_,
                registries_);
  environment_.base_image.clear();
  auto result = images.ensure(environment_, {}, [](std::string_view) {});
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error().message.starts_with("environment.docker.baseImage:"));
}

TEST_F(ImagesTest, RelativeRootIsNoneToBuildah) {
  os::Path relative = std::filesystem::relative(folder_.path());
  Images images({.root = relative, .workspace = {.address = "work:5000", .is_plain_http = true}},
                buildah_, registries_);
  ASSERT_TRUE(images.ensure(environment_, {}, [](std::string_view) {}).has_value());
  EXPECT_TRUE(os::Path(buildah_.storage).is_absolute()) << buildah_.storage;
}

TEST_F(ImagesTest, SecondAskFindsWhatTheFirstPushed) {
  auto first = ensure();
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_FALSE(first->reused);
  EXPECT_EQ(first->found_in, "built");
  EXPECT_EQ(first->interpreter, "/opt/azureml-env/bin/python");
  EXPECT_EQ(first->image, "work:5000/azureml/azureml_" + first->hash.substr(0, 32) + "@" + kDigest);
  EXPECT_EQ(buildah_.verbs, (std::vector<std::string>{"from", "run", "config", "commit", "push"}));
  EXPECT_EQ(
      os::read_file(folder_ / "locks" / (first->hash.substr(0, 32) + ".txt")).value_or("none"),
      "six==1.16.0\n");
  auto second = ensure();
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE(second->reused);
  EXPECT_EQ(second->found_in, "workspace registry");
  EXPECT_EQ(second->image, first->image);
  EXPECT_EQ(buildah_.pushes, 1);
}

TEST_F(ImagesTest, CuratedImageIsUsedWhereItIs) {
  std::string name = "curated/azureml/azureml_" + hash();
  registries_.add("world:5000/" + name + ":latest", kImage);
  buildah_.verbs.clear();
  auto result = ensure();
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->found_in, "global registry");
  EXPECT_EQ(result->image, "world:5000/" + name + "@" + kDigest);
  EXPECT_TRUE(buildah_.verbs.empty());
}

TEST_F(ImagesTest, TagOfTheBaseThatMovedIsAnotherImage) {
  auto first = ensure();
  registries_.add("work:5000/base:12", kImage);
  auto second = ensure();
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_FALSE(second->reused);
  EXPECT_NE(first->hash, second->hash);
}

TEST_F(ImagesTest, OneRecipeAskedForTwiceAtOnceIsBuiltOnce) {
  std::latch gate(1);
  buildah_.push_gate = &gate;
  auto first = std::async(std::launch::async, [this] { return ensure(); });
  auto second = std::async(std::launch::async, [this] { return ensure(); });
  // Whoever is not held at the push waits; an end of both would be a failure.
  while (!logged("waiting") && !(is_ready(first) && is_ready(second))) std::this_thread::yield();
  gate.count_down();
  auto one = first.get();
  auto other = second.get();
  ASSERT_TRUE(one.has_value() && other.has_value());
  EXPECT_NE(one->reused, other->reused);
  EXPECT_EQ(one->image, other->image);
  EXPECT_EQ(buildah_.pushes, 1);
}

TEST_F(ImagesTest, AnotherMinorVersionIsALoudLineAndAnErrorWhenStrict) {
  environment_.python_version = "3.8";
  auto built = ensure();
  ASSERT_TRUE(built.has_value());
  EXPECT_TRUE(logged("WARNING: python=3.8 was asked for"));
  registries_.add("work:5000/azureml/azureml_" + built->hash.substr(0, 32) + ":latest",
                  R"({"schemaVersion":2,"annotations":{"tidegate.python":"3.11.2"}})");
  EXPECT_NE(error_of_ensure({.strict = true}).find("--strict"), std::string::npos);
  buildah_.answers["run"] = {.code = 42};
  environment_.python_version = "3.9";
  EXPECT_NE(error_of_ensure({.strict = true}).find("--strict"), std::string::npos);
}

TEST_F(ImagesTest, UserManagedOneHasNoEnvironmentStage) {
  environment_.user_managed = true;
  environment_.interpreter = "/usr/local/bin/python3";
  auto result = ensure();
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->interpreter, "/usr/local/bin/python3");
  EXPECT_EQ(buildah_.verbs, (std::vector<std::string>{"from", "config", "commit", "push"}));
}

TEST_F(ImagesTest, DockerStepsAreTheFirstStage) {
  environment_.base_image.clear();
  environment_.base_dockerfile = "FROM work:5000/base:12\nRUN true\n";
  ASSERT_TRUE(ensure().has_value());
  EXPECT_EQ(buildah_.verbs.at(0), "bud");
  EXPECT_EQ(buildah_.verbs.at(1), "from");
  environment_.base_dockerfile += "RUN false\n";
  buildah_.answers["bud"] = {.code = 1, .lines = {"Error: building at STEP \"RUN false\""}};
  std::string message = error_of_ensure();
  EXPECT_NE(message.find("environment.docker.baseDockerfile: the Docker steps failed"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("RUN false"), std::string::npos) << message;
}

}  // namespace
}  // namespace tidegate::image
