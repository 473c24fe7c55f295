#include "os/file_lock.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace tidegate::os {
namespace {

TEST(FileLock, SecondTakerIsToldNo) {
  test::TempDir folder;
  auto first = FileLock::try_take(folder / "lock");
  ASSERT_TRUE(first.has_value() && first->has_value());
  auto second = FileLock::try_take(folder / "lock");
  ASSERT_TRUE(second.has_value());
  EXPECT_FALSE(second->has_value());
  EXPECT_TRUE(*FileLock::is_held(folder / "lock"));
}

TEST(FileLock, IsSharedByAnyNumberUntilSomebodyHasItAlone) {
  test::TempDir folder;
  auto first = FileLock::try_share(folder / "lock").value();
  auto second = FileLock::try_share(folder / "lock").value();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(FileLock::try_take(folder / "lock").value());
  first.reset();
  second.reset();
  auto alone = FileLock::try_take(folder / "lock").value();
  EXPECT_TRUE(alone);
  EXPECT_FALSE(FileLock::try_share(folder / "lock").value());
}

TEST(FileLock, MissingFileIsHeldByNobody) {
  test::TempDir folder;
  EXPECT_FALSE(*FileLock::is_held(folder / "lock"));
}

TEST(FileLock, DiesWithItsHolder) {
  test::TempDir folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  pid_t holder = ::fork();
  if (holder == 0) {
    auto lock = FileLock::try_take(folder / "lock");
    [[maybe_unused]] auto n = ::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_TRUE(*FileLock::is_held(folder / "lock"));
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  EXPECT_FALSE(*FileLock::is_held(folder / "lock"));
}

}  // namespace
}  // namespace tidegate::os
