#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>

#include "backend/local/replica_log.h"
#include "backend/local/rotating_log.h"
#include "support/temp_dir.h"

namespace tidegate::backend::local {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const os::Path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

// Writes a log with a time of writing, in seconds after some moment.
void put_log(const os::Path& path, const std::string& text, int second) {
  os::write_file_quick(path, text).value();
  fs::last_write_time(path, fs::file_time_type(std::chrono::seconds(1'000'000 + second)));
}

TEST(RotatingLog, FullLogMakesWayAndTheOldestGoes) {
  test::TempDir folder;
  os::Path path = folder / "r.log";
  auto log = RotatingLog::open(path, {.size_max_bytes = 10, .files_max = 3});
  ASSERT_TRUE(log.has_value());
  for (const char* line : {"11111111\n", "22222222\n", "33333333\n", "44444444\n"})
    log->write(line);
  EXPECT_EQ(names_in(folder.path()), (std::vector<std::string>{"r.log", "r.log.1", "r.log.2"}));
  EXPECT_EQ(os::read_file(path).value(), "44444444\n");
  EXPECT_EQ(os::read_file(rotated_path(path, 2)).value(), "22222222\n");
}

TEST(RotatingLog, LinesAreNotDividedBetweenFiles) {
  test::TempDir folder;
  auto log = RotatingLog::open(folder / "r.log", {.size_max_bytes = 10, .files_max = 3});
  for (const char* piece : {"1234", "5678", "90\nabc", "def\nghi\n"}) log->write(piece);
  EXPECT_EQ(os::read_file(folder / "r.log.2").value(), "1234567890\n");
  EXPECT_EQ(os::read_file(folder / "r.log.1").value(), "abcdef\n");
  EXPECT_EQ(os::read_file(folder / "r.log").value(), "ghi\n");
}

TEST(RotatingLog, LineWithoutEndIsDivided) {
  test::TempDir folder;
  auto log = RotatingLog::open(folder / "r.log", {.size_max_bytes = 10, .files_max = 2});
  for (int i = 0; i < 100; ++i) log->write("123456");
  EXPECT_LE(fs::file_size(folder / "r.log"), 30U);
  EXPECT_LE(fs::file_size(folder / "r.log.1"), 30U);
}

TEST(RotatingLog, OneFileIsBoundedToo) {
  test::TempDir folder;
  auto log = RotatingLog::open(folder / "r.log", {.size_max_bytes = 10, .files_max = 1});
  log->write("11111111\n");
  log->write("22222222\n");
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"r.log"});
  EXPECT_EQ(os::read_file(folder / "r.log").value(), "22222222\n");
}

TEST(RotatingLog, OpenedAgainItGoesOn) {
  test::TempDir folder;
  RotatingLog::open(folder / "r.log", {.size_max_bytes = 10})->write("111111\n");
  auto again = RotatingLog::open(folder / "r.log", {.size_max_bytes = 10});
  again->write("2\n");
  EXPECT_EQ(os::read_file(folder / "r.log").value(), "111111\n2\n");
  again->write("333333\n");
  EXPECT_EQ(os::read_file(folder / "r.log").value(), "333333\n");
}

// A limit on the size of files stands in for a full disk.
class ScopedFileSizeLimit {
 public:
  explicit ScopedFileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit{.rlim_cur = bytes, .rlim_max = old_.rlim_max};
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~ScopedFileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &old_); }

 private:
  rlimit old_{};
};

TEST(RotatingLog, OutputThatFoundNoRoomIsCountedOnceThereIsRoomAgain) {
  test::TempDir folder;
  auto log = RotatingLog::open(folder / "r.log", {.size_max_bytes = 1000});
  log->write("kept\n");
  {
    ScopedFileSizeLimit full(5);
    log->write("lost\n");
    log->write("lost too\n");
  }
  log->write("kept again\n");
  EXPECT_EQ(os::read_file(folder / "r.log").value(),
            "kept\n--- tidegate: 14 bytes of output could not be written\nkept again\n");
}

TEST(ReplicaLog, NewestLinesOfOneReplicaHaveNoHeader) {
  test::TempDir folder;
  put_log(folder / "a.log", "1\n2\n3\n", 1);
  EXPECT_EQ(newest_lines(folder.path(), 2).value(), "2\n3\n");
  EXPECT_EQ(newest_lines(folder.path(), 9).value(), "1\n2\n3\n");
}

TEST(ReplicaLog, LinesOfSeveralReplicasHaveHeadersAndTheNewestComesLast) {
  test::TempDir folder;
  put_log(folder / "a.log", "a1\na2\na3\n", 2);
  put_log(folder / "b.log", "b1\nb2", 1);
  EXPECT_EQ(newest_lines(folder.path(), 4).value(),
            "==> replica b <==\nb1\nb2\n==> replica a <==\na2\na3\n");
}

TEST(ReplicaLog, LinesReachBackIntoRotatedFiles) {
  test::TempDir folder;
  put_log(folder / "a.log.2", "1\n2\n", 1);
  put_log(folder / "a.log.1", "3\n4\n", 2);
  put_log(folder / "a.log", "5\n", 3);
  EXPECT_EQ(newest_lines(folder.path(), 4).value(), "2\n3\n4\n5\n");
}

TEST(ReplicaLog, NoLogsAreNoText) {
  test::TempDir folder;
  EXPECT_EQ(newest_lines(folder / "none", 5).value(), "");
  put_log(folder / "a.log", "", 1);
  EXPECT_EQ(newest_lines(folder.path(), 5).value(), "");
}

TEST(ReplicaLog, LinesAreSharedSoThatShortLogsAreWhole) {
  using Numbers = std::vector<std::size_t>;
  EXPECT_EQ(share_lines({10, 10}, 10), (Numbers{5, 5}));
  EXPECT_EQ(share_lines({2, 100, 100}, 12), (Numbers{2, 5, 5}));
  EXPECT_EQ(share_lines({100, 1}, 10), (Numbers{9, 1}));
  EXPECT_EQ(share_lines({3, 4}, 100), (Numbers{3, 4}));
  EXPECT_EQ(share_lines({5, 5, 5}, 0), (Numbers{0, 0, 0}));
  EXPECT_EQ(share_lines({}, 10), Numbers{});
}

TEST(ReplicaLog, OldLogsOfReplicasThatAreGoneAreRemoved) {
  test::TempDir folder;
  put_log(folder / "a.log", "x", 1);
  put_log(folder / "a.log.1", "x", 1);
  put_log(folder / "b.log", "x", 2);
  put_log(folder / "c.log", "x", 3);
  put_log(folder / "d.log", "x", 4);
  ASSERT_TRUE(prune_logs(folder.path(), 2, {"b"}).has_value());
  EXPECT_EQ(names_in(folder.path()), (std::vector<std::string>{"b.log", "c.log", "d.log"}));
}

}  // namespace
}  // namespace tidegate::backend::local
