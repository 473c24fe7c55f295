// Real shims, real processes, and a small Python program in the place of the scoring server.
#include "backend/local/process_backend.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <thread>

#include "backend/local/process_tree.h"
#include "backend/local/shim_files.h"
#include "base/check.h"
#include "base/json.h"
#include "os/real_clock.h"
#include "os/real_random.h"

namespace tidegate::backend::local {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Where the data folder lies matters for the order of mounts.
struct Place {
  const char* name;
  bool isolation;
  const char* below;
};
void PrintTo(const Place& place, std::ostream* out) {
  *out << place.name;
}
const Place kPlaces[] = {{"Plain", false, "/tmp"},
                         {"IsolatedBelowTmp", true, "/tmp"},
                         {"IsolatedElsewhere", true, TIDEGATE_BINARY_DIR}};

class ProcessBackendTest : public testing::TestWithParam<Place> {
 protected:
  void SetUp() override {
    std::string pattern = std::string(GetParam().below) + "/tidegate-backend-test-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    data_ = folder_ / "data";
    fs::create_directories(folder_ / "server" / "tidegate_server");
    fs::copy_file(os::Path(TIDEGATE_SOURCE_DIR) / "test/unit/backend/stand_in_server.py",
                  folder_ / "server" / "tidegate_server" / "__main__.py");
    os::write_file_quick(folder_ / "blob", "weights").value();
    options_ = {.data_dir = data_,
                .tidegate_binary = os::Path(TIDEGATE_BINARY_DIR) / "bin" / "tidegate_shim_for_test",
                .server_path = folder_ / "server",
                .want_isolation = GetParam().isolation};
    make_backend();
    os::write_file_quick(data_ / "api.token", "secret").value();
    plan_ = {.version_id = "s.1",
             .workspace = "default",
             .service_name = "myservice",
             .interpreter = "/usr/bin/python3",
             .entry_script = "score.py",
             .model_files = {{folder_ / "blob", "azureml-models/m/1/model.txt"}},
             .models = {{"m", 1}},
             .variables = {{"SECRET_FILE", (data_ / "api.token").string()}}};
    ASSERT_TRUE(backend_->prepare(plan_).has_value());
  }

  void TearDown() override {
    for (const Replica& replica : observe()) backend_->stop(replica.id, 0ms).value();
    await([this] {
      auto all = observe();
      return std::all_of(all.begin(), all.end(),
                         [](const Replica& r) { return r.exit.has_value(); });
    });
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  void make_backend() {
    backend_ = std::make_unique<ProcessBackend>(options_, clock_, random_, runner_);
    if (GetParam().isolation) {
      ASSERT_EQ(backend_->isolation(), "bubblewrap") << "this machine must let bubblewrap work";
    }
  }

  std::vector<Replica> observe() { return backend_->observe().value(); }
  Replica replica(const std::string& id) {
    for (Replica& one : observe()) {
      if (one.id == id) return one;
    }
    return {};
  }

  // What is awaited happens in other processes; the limit is only for what never comes.
  bool await(const std::function<bool()>& done) {
    for (MonoTime end = clock_.mono() + 30s; clock_.mono() < end;) {
      if (done()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return done();
  }
  Replica await_phase(const std::string& id, ReplicaPhase phase) {
    Replica last;
    bool reached = await([&] {
      last = replica(id);
      return last.phase == phase;
    });
    EXPECT_TRUE(reached) << backend_->logs("s.1", 50).value();
    return last;
  }

  // In isolation it is found a moment after the replica is ready; 0 would be this very test to a
  // signal, and all that started it.
  pid_t await_pid(const std::string& id) {
    pid_t pid = 0;
    EXPECT_TRUE(await([&] { return (pid = replica(id).pid) > 0; }));
    TIDEGATE_CHECK(pid > 0);
    return pid;
  }

  void start(const std::string& id, const std::string& mode = "") {
    plan_.variables["MODE"] = mode;
    auto started = backend_->start(plan_, id);
    ASSERT_TRUE(started.has_value()) << started.error().message;
  }
  std::string log() { return backend_->logs("s.1", 1000).value(); }
  bool logged(std::string_view text) { return log().find(text) != std::string::npos; }

  os::Path folder_;
  os::Path data_;
  os::RealClock clock_;
  os::RealRandom random_;
  os::RealCommandRunner runner_;
  LocalOptions options_;
  VersionPlan plan_;
  std::unique_ptr<ProcessBackend> backend_;
};

INSTANTIATE_TEST_SUITE_P(Places, ProcessBackendTest, testing::ValuesIn(kPlaces),
                         [](const auto& place) { return place.param.name; });

std::string command_line_of(pid_t pid) {
  return os::read_file(os::Path("/proc") / std::to_string(pid) / "cmdline").value_or("");
}

int processes_with(const std::string& mark) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    auto text = os::read_file(entry.path() / "cmdline");
    if (text && text->find(mark) != std::string::npos) ++count;
  }
  return count;
}

TEST_P(ProcessBackendTest, ExitCodeIsReported) {
  start("r1", "exit3");
  Replica ended = await_phase("r1", ReplicaPhase::exited);
  EXPECT_EQ(ended.exit->code, 3);
  EXPECT_EQ(ended.exit->signal, 0);
  EXPECT_FALSE(ended.exit->asked);
  EXPECT_FALSE(ended.exit->lost);
  EXPECT_EQ(ended.pid, 0);
  EXPECT_TRUE(logged("serving r1\n")) << "all output is in the log before the exit is known";
}

TEST_P(ProcessBackendTest, KilledReplicaIsReportedWithItsSignal) {
  start("r1");
  await_phase("r1", ReplicaPhase::ready);
  ::kill(await_pid("r1"), SIGKILL);
  Replica ended = await_phase("r1", ReplicaPhase::exited);
  EXPECT_EQ(ended.exit->signal, SIGKILL);
  EXPECT_FALSE(ended.exit->asked);
  EXPECT_FALSE(ended.exit->out_of_memory);
}

TEST_P(ProcessBackendTest, InterpreterThatIsMissingIsAnExitWithTheReasonInTheLog) {
  plan_.interpreter = "/no/such/python";
  start("r1");
  Replica ended = await_phase("r1", ReplicaPhase::exited);
  EXPECT_NE(ended.exit->code, 0);
  EXPECT_TRUE(logged("No such file or directory")) << log();
}

TEST_P(ProcessBackendTest, KilledShimTakesItsReplicaAlong) {
  start("r1");
  await_phase("r1", ReplicaPhase::ready);
  pid_t pid = await_pid("r1");
  ::kill(read_pids(data_ / "replicas" / "r1")->shim, SIGKILL);
  Replica ended = await_phase("r1", ReplicaPhase::exited);
  EXPECT_TRUE(ended.exit->lost);
  EXPECT_TRUE(await([pid] { return !start_time_of(pid).has_value(); }));
}

TEST_P(ProcessBackendTest, StoppedReplicaDrainsFirst) {
  start("r1");
  await_phase("r1", ReplicaPhase::ready);
  ASSERT_TRUE(backend_->stop("r1", 20s).has_value());
  Replica ended = await_phase("r1", ReplicaPhase::exited);
  EXPECT_EQ(ended.exit->text(), "exited with code 0, as asked");
  EXPECT_TRUE(logged("draining"));
}

TEST_P(ProcessBackendTest, ReplicaThatIgnoresTheRequestIsKilledAfterTheGrace) {
  start("r1", "stubborn");
  await_phase("r1", ReplicaPhase::ready);
  MonoTime before = clock_.mono();
  ASSERT_TRUE(backend_->stop("r1", 300ms).has_value());
  EXPECT_EQ(replica("r1").phase, ReplicaPhase::stopping);
  Replica ended = await_phase("r1", ReplicaPhase::exited);
  EXPECT_GE(clock_.mono() - before, 300ms);
  EXPECT_EQ(ended.exit->signal, SIGKILL);
  EXPECT_TRUE(ended.exit->asked);
  EXPECT_FALSE(ended.exit->out_of_memory);
}

TEST_P(ProcessBackendTest, SecondRequestMayShortenTheGrace) {
  start("r1", "stubborn");
  await_phase("r1", ReplicaPhase::ready);
  backend_->stop("r1", 1h).value();
  backend_->stop("r1", 0ms).value();
  EXPECT_EQ(await_phase("r1", ReplicaPhase::exited).exit->signal, SIGKILL);
}

TEST_P(ProcessBackendTest, ReplicaCanBeStoppedRightAfterItsStart) {
  start("r1", "slow");
  backend_->stop("r1", 0ms).value();
  EXPECT_TRUE(await_phase("r1", ReplicaPhase::exited).exit->asked);
}

TEST_P(ProcessBackendTest, NothingThatAReplicaStartedOutlivesIt) {
  plan_.variables["MARK"] = "mark" + folder_.filename().string();
  start("r1", "family");
  await_phase("r1", ReplicaPhase::ready);
  EXPECT_TRUE(await([this] { return processes_with(plan_.variables["MARK"]) == 2; }));
  ::kill(await_pid("r1"), SIGKILL);
  await_phase("r1", ReplicaPhase::exited);
  EXPECT_TRUE(await([this] { return processes_with(plan_.variables["MARK"]) == 0; }));
}

TEST_P(ProcessBackendTest, ReadyReplicaIsKnownByItsRealProcess) {
  start("r1");
  Replica ready = await_phase("r1", ReplicaPhase::ready);
  std::string command = command_line_of(await_pid("r1"));
  EXPECT_TRUE(command.starts_with("/usr/bin/python3")) << command;
  EXPECT_EQ(ready.version_id, "s.1");
  EXPECT_EQ(ready.address, "unix:" + fs::canonical(data_).string() + "/replicas/r1/run/s");
  EXPECT_EQ(ready.exit_record, fs::canonical(data_).string() + "/replicas/r1/exit.json");
  EXPECT_FALSE(ready.node.empty());
  EXPECT_FALSE(ready.exit.has_value());
}

TEST_P(ProcessBackendTest, ReplicaIsNoChildOfOurs) {
  start("r1");
  await_phase("r1", ReplicaPhase::ready);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_P(ProcessBackendTest, NewControlAdoptsWhatRuns) {
  start("r1");
  start("r2", "exit7");
  await_phase("r1", ReplicaPhase::ready);
  pid_t pid = await_pid("r1");
  await_phase("r2", ReplicaPhase::exited);
  make_backend();
  auto all = observe();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].phase, ReplicaPhase::ready) << "known at the first look";
  EXPECT_EQ(all[0].pid, pid);
  EXPECT_EQ(all[1].exit->code, 7);
  start("r1");
  EXPECT_EQ(replica("r1").pid, pid) << "the same id is never started twice";
}

TEST_P(ProcessBackendTest, StartThatDiedHalfwayIsFinishedByTheNext) {
  os::Path shim = options_.tidegate_binary;
  options_.tidegate_binary = "/bin/true";  // as if control died before the shim was there
  make_backend();
  start("r1");
  EXPECT_TRUE(replica("r1").exit->lost);
  options_.tidegate_binary = shim;
  make_backend();
  start("r1");
  await_phase("r1", ReplicaPhase::ready);
}

TEST_P(ProcessBackendTest, HangingReplicaIsNotReadyAfterThreeProbes) {
  options_.probe_time_limit = 20ms;
  options_.ready_probe_period = 1ms;
  make_backend();
  start("r1");
  await_phase("r1", ReplicaPhase::ready);
  pid_t pid = await_pid("r1");
  ::kill(pid, SIGSTOP);
  await_phase("r1", ReplicaPhase::starting);
  ::kill(pid, SIGCONT);
  await_phase("r1", ReplicaPhase::ready);
}

TEST_P(ProcessBackendTest, ForgetLeavesTheLogAndRemoveVersionLeavesNothing) {
  start("r1");
  await_phase("r1", ReplicaPhase::ready);
  auto too_early = backend_->forget("r1");
  ASSERT_FALSE(too_early.has_value());
  EXPECT_EQ(too_early.error().code, Code::conflict);
  backend_->stop("r1", 0ms).value();
  await_phase("r1", ReplicaPhase::exited);
  ASSERT_TRUE(backend_->forget("r1").has_value());
  EXPECT_TRUE(observe().empty());
  EXPECT_TRUE(fs::is_empty(data_ / "replicas"));
  EXPECT_TRUE(logged("serving r1"));
  ASSERT_TRUE(backend_->forget("r1").has_value()) << "what is gone is success";
  ASSERT_TRUE(backend_->stop("r1", 0ms).has_value());
  ASSERT_TRUE(backend_->remove_version("s.1").has_value());
  EXPECT_TRUE(fs::is_empty(data_ / "versions"));
  EXPECT_EQ(log(), "");
}

TEST_P(ProcessBackendTest, WhatIsNotPreparedCannotBeStarted) {
  plan_.version_id = "s.2";
  EXPECT_FALSE(backend_->start(plan_, "r1").has_value());
  plan_.version_id = "s.1";
  EXPECT_FALSE(backend_->start(plan_, "../r1").has_value());
  EXPECT_TRUE(observe().empty());
}

TEST_P(ProcessBackendTest, LogIsRotatedAndItsEndIsKept) {
  options_.log_size_max_bytes = 100'000;
  make_backend();
  start("r1", "chatty");
  await_phase("r1", ReplicaPhase::ready);
  ASSERT_TRUE(await([this] { return logged("line 4999 "); }));
  std::uint64_t size = 0;
  int files = 0;
  for (const auto& entry : fs::directory_iterator(data_ / "versions" / "s.1" / "logs")) {
    size += entry.file_size();
    ++files;
  }
  EXPECT_EQ(files, 3);
  EXPECT_LE(size, 300'000U);
  std::string tail = backend_->logs("s.1", 2000).value();
  EXPECT_NE(tail.find("line 3001 "), std::string::npos);
  EXPECT_EQ(std::count(tail.begin(), tail.end(), '\n'), 2000);
}

TEST_P(ProcessBackendTest, ReplicaSeesWhatItNeedsAndNoMore) {
  ::setenv("TIDEGATE_TEST_SECRET", "s", 1);
  start("r1", "look");
  ::unsetenv("TIDEGATE_TEST_SECRET");
  await_phase("r1", ReplicaPhase::ready);
  // Output takes its own way into the log and may come after the replica is known to be ready.
  ASSERT_TRUE(await([this] { return logged("}\n"); })) << log();
  std::string text = log();
  auto at = text.find("SEEN ");
  ASSERT_NE(at, std::string::npos) << text;
  Json seen = parse_json(text.substr(at + 5, text.find('\n', at) - at - 5), "seen").value();
  EXPECT_EQ(seen["model"], "weights");
  EXPECT_EQ(seen["app_writable"], true);
  EXPECT_EQ(seen["tmp_writable"], true);
  for (const Json& name : seen["variables"]) EXPECT_NE(name, "TIDEGATE_TEST_SECRET");
  if (!GetParam().isolation) {
    EXPECT_EQ(seen["cwd"], (fs::canonical(data_) / "versions/s.1/app").string());
    return;
  }
  EXPECT_EQ(seen["cwd"], "/var/azureml-app");
  EXPECT_EQ(seen["secret_seen"], false);
  EXPECT_EQ(seen["models_writable"], false);
  EXPECT_EQ(seen["system_writable"], false);
  EXPECT_LE(seen["processes"].get<int>(), 3);
  EXPECT_EQ(seen["capabilities"], "0000000000000000");
}

// An environment below the data folder, reached through a link, as image::Environments makes them.
TEST_P(ProcessBackendTest, EnvironmentInTheDataFolderIsSeen) {
  os::Path real = data_ / "environments" / "abc-01";
  fs::create_directories(real.parent_path());
  ASSERT_TRUE(runner_
                  .run({.argv = {"/usr/bin/python3", "-m", "venv", "--without-pip", real}},
                       [](std::string_view) {})
                  ->ok());
  fs::create_directory_symlink("abc-01", data_ / "environments" / "abc");
  plan_.interpreter = (data_ / "environments" / "abc" / "bin" / "python").string();
  start("r1");
  await_phase("r1", ReplicaPhase::ready);
}

TEST_P(ProcessBackendTest, LongPathsAreNoObstacle) {
  options_.data_dir = folder_ / std::string(100, 'a') / std::string(60, 'b');
  make_backend();
  ASSERT_TRUE(backend_->prepare(plan_).has_value());
  start("r1");
  await_phase("r1", ReplicaPhase::ready);
}

}  // namespace
}  // namespace tidegate::backend::local
