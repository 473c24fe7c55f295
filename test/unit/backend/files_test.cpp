#include <gtest/gtest.h>

#include "backend/local/layout.h"
#include "backend/local/oom.h"
#include "backend/local/shim_files.h"
#include "support/temp_dir.h"

namespace tidegate::backend::local {
namespace {

TEST(ShimFiles, SpecComesBackAsItWas) {
  test::TempDir folder;
  ShimSpec spec{.replica_id = "r1",
                .version_id = "s.3",
                .argv = {"/bin/python", "-m", "x y"},
                .env = {{"A", "1=2"}, {"B", "line\nbreak"}},
                .cwd = "/somewhere",
                .log = "/logs/r1.log",
                .log_size_max_bytes = 77,
                .log_files_max = 5,
                .sandboxed = true};
  ASSERT_TRUE(write_spec(folder.path(), spec).has_value());
  auto read = read_spec(folder.path());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->replica_id, spec.replica_id);
  EXPECT_EQ(read->version_id, spec.version_id);
  EXPECT_EQ(read->argv, spec.argv);
  EXPECT_EQ(read->env, spec.env);
  EXPECT_EQ(read->cwd, spec.cwd);
  EXPECT_EQ(read->log, spec.log);
  EXPECT_EQ(read->log_size_max_bytes, 77U);
  EXPECT_EQ(read->log_files_max, 5);
  EXPECT_TRUE(read->sandboxed);
  auto mode = std::filesystem::status(folder / "spec.json").permissions();
  EXPECT_EQ(mode, std::filesystem::perms(0600)) << "variables may be secrets";
}

TEST(ShimFiles, DamagedFilesAreNoFiles) {
  test::TempDir folder;
  for (const char* text : {"", "{", "[]", "null"}) {
    for (const char* name : {kSpecFile, kPidFile, kStopFile, kExitFile}) {
      os::write_file_quick(folder / name, text).value();
    }
    EXPECT_FALSE(read_spec(folder.path()).has_value()) << text;
    EXPECT_FALSE(read_pids(folder.path()).has_value()) << text;
    EXPECT_FALSE(read_stop(folder.path()).has_value()) << text;
    EXPECT_FALSE(read_exit(folder.path()).has_value()) << text;
  }
}

TEST(ShimFiles, ExitComesBackAsItWas) {
  test::TempDir folder;
  EXPECT_FALSE(read_exit(folder.path()).has_value());
  ReplicaExit exit{.code = 0, .signal = 9, .out_of_memory = true, .asked = true};
  write_exit(folder.path(), exit, {}).value();
  auto read = read_exit(folder.path());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->text(), "killed by signal 9 (Killed), out of memory, as asked");
  // What routers read of it.
  const std::string file = os::read_file(folder / kExitFile).value();
  EXPECT_NE(file.find("\"text\":\"" + read->text() + "\""), std::string::npos) << file;
}

TEST(ReplicaExit, TextSaysWhatHappened) {
  EXPECT_EQ(ReplicaExit{.code = 3}.text(), "exited with code 3");
  EXPECT_EQ((ReplicaExit{.code = 0, .asked = true}.text()), "exited with code 0, as asked");
  EXPECT_EQ(ReplicaExit{.signal = 11}.text(), "killed by signal 11 (Segmentation fault)");
  EXPECT_EQ(ReplicaExit{.lost = true}.text(), "ended together with its shim, how is not known");
}

TEST(Layout, IdsThatWouldLeaveTheFolderAreRefused) {
  for (const char* good : {"a", "0b0c-1.2", "A_b"}) EXPECT_TRUE(check_id(good, "x").has_value());
  for (const char* bad : {"", ".", "..", ".hidden", "a/b", "a b", "a\n"}) {
    EXPECT_FALSE(check_id(bad, "x").has_value()) << bad;
  }
  EXPECT_FALSE(check_id(std::string(129, 'a'), "x").has_value());
}

class OutOfMemory : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((folder_ / path).parent_path());
    os::write_file_quick(folder_ / path, text).value();
  }
  std::optional<std::uint64_t> kills() {
    return out_of_memory_kills(folder_ / "proc", folder_ / "cgroup");
  }
  test::TempDir folder_;
};

TEST_F(OutOfMemory, NothingToReadIsNoAnswer) {
  EXPECT_EQ(kills(), std::nullopt);
}

TEST_F(OutOfMemory, WholeMachineCountsWithoutAGroup) {
  write("proc/vmstat", "nr_free 1\noom_kill 4\nother_oom_kill 9\n");
  EXPECT_EQ(kills(), 4U);
}

TEST_F(OutOfMemory, OwnGroupCountsIfThereIsOne) {
  write("proc/vmstat", "oom_kill 4\n");
  write("proc/self/cgroup", "0::/system.slice/x.service\n");
  EXPECT_EQ(kills(), 4U) << "its file cannot be read";
  write("cgroup/system.slice/x.service/memory.events", "low 0\noom 2\noom_kill 1\n");
  EXPECT_EQ(kills(), 1U);
}

TEST_F(OutOfMemory, GroupsOfVersionOneCountToo) {
  write("proc/self/cgroup", "8:cpu:/a\n5:memory:/a/b\n0::/\n");
  write("cgroup/memory/a/b/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n");
  EXPECT_EQ(kills(), 7U);
}

}  // namespace
}  // namespace tidegate::backend::local
