#include "store/database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/migrations.h"
#include "store/settings.h"
#include "support/temp_dir.h"

namespace tidegate::store {
namespace {

constexpr const char* kOne = "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)";
constexpr const char* kTwo = "INSERT INTO settings VALUES ('two', 'yes')";
constexpr const char* kThree = "INSERT INTO settings VALUES ('three', 'yes')";
constexpr const char* kBroken = "INSERT INTO settings VALUES ('broken', 'half'); CREATE NONSENSE";

std::string setting(Database& db, std::string_view name) {
  auto found = find_setting(db, name);
  EXPECT_TRUE(found.has_value()) << found.error().message;
  return found && *found ? **found : "(none)";
}

class DatabaseTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Database>> open(std::vector<const char*> scripts) {
    return Database::open_for_test(file_, scripts);
  }
  test::TempDir folder_;
  os::Path file_ = folder_ / "tidegate.db";
};

TEST_F(DatabaseTest, ANewerSchemaIsRefusedWithBothNumbers) {
  ASSERT_TRUE(open({kOne, kTwo, kThree}).has_value());
  auto older = open({kOne, kTwo});
  ASSERT_FALSE(older.has_value());
  EXPECT_EQ(older.error().code, Code::conflict);
  EXPECT_NE(older.error().message.find("schema 3"), std::string::npos) << older.error().message;
  EXPECT_NE(older.error().message.find("up to 2"), std::string::npos) << older.error().message;
}

TEST_F(DatabaseTest, AFailedMigrationLeavesTheOlderSchemaWhole) {
  ASSERT_TRUE(open({kOne}).has_value());
  ASSERT_FALSE(open({kOne, kBroken}).has_value());
  auto db = open({kOne, kTwo});
  ASSERT_TRUE(db.has_value()) << db.error().message;
  EXPECT_EQ(setting(**db, "broken"), "(none)");
  EXPECT_EQ(setting(**db, "two"), "yes");
}

TEST_F(DatabaseTest, EachMigrationRunsOnceFromAnyOlderSchema) {
  ASSERT_TRUE(open({kOne, kTwo}).has_value());
  auto db = open({kOne, kTwo, kThree});  // kTwo again would break the primary key
  ASSERT_TRUE(db.has_value()) << db.error().message;
  EXPECT_EQ(setting(**db, "three"), "yes");
}

TEST_F(DatabaseTest, TheRealSchemaOpensTwice) {
  ASSERT_TRUE(Database::open(file_).has_value());
  auto again = Database::open(file_);
  EXPECT_TRUE(again.has_value()) << again.error().message;
}

TEST_F(DatabaseTest, AFileThatIsNoDatabaseIsAnErrorThatNamesIt) {
  ASSERT_TRUE(os::write_file_atomic(file_, std::string(5000, 'x')).has_value());
  auto db = Database::open(file_);
  ASSERT_FALSE(db.has_value());
  EXPECT_NE(db.error().message.find(file_.string()), std::string::npos) << db.error().message;
}

TEST_F(DatabaseTest, OnlyTheOwnerMayReadTheFiles) {
  auto db = Database::open(file_);
  ASSERT_TRUE(db.has_value());
  ASSERT_TRUE(put_setting(**db, "a", "b").has_value());
  for (const char* ending : {"", "-wal", "-shm"}) {
    struct stat info{};
    ASSERT_EQ(::stat((file_.string() + ending).c_str(), &info), 0) << ending;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << ending;
  }
}

TEST_F(DatabaseTest, AnErrorInATransactionUndoesAllOfIt) {
  auto db = Database::open(file_);
  ASSERT_TRUE(db.has_value());
  auto done = (*db)->transact([&]() -> Result<> {
    TIDEGATE_TRY_VOID(put_setting(**db, "a", "1"));
    TIDEGATE_TRY_VOID((*db)->transact([&] { return put_setting(**db, "b", "1"); }));
    return fail(Code::invalid, "no");
  });
  EXPECT_EQ(done.error().code, Code::invalid);
  EXPECT_EQ(setting(**db, "a"), "(none)");
  EXPECT_EQ(setting(**db, "b"), "(none)");
}

TEST_F(DatabaseTest, ChangesGrowWithWritesAndNotWithReads) {
  auto db = Database::open(file_);
  ASSERT_TRUE(db.has_value());
  auto before = (*db)->changes();
  setting(**db, "a");
  EXPECT_EQ((*db)->changes(), before);
  ASSERT_TRUE(put_setting(**db, "a", "1").has_value());
  EXPECT_GT((*db)->changes(), before);
}

// The child is gone in the middle of a transaction, as after kill -9.
TEST_F(DatabaseTest, AProcessThatDiesLosesWhatWasNotCommittedAndNothingElse) {
  ASSERT_TRUE(Database::open(file_).has_value());
  pid_t child = ::fork();
  if (child == 0) {
    auto db = Database::open(file_);
    if (!db || !put_setting(**db, "committed", "yes")) ::_exit(1);
    (void)(*db)->transact([&]() -> Result<> {
      if (!put_setting(**db, "half", "yes")) ::_exit(1);
      ::_exit(42);
    });
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 42);
  auto db = Database::open(file_);
  ASSERT_TRUE(db.has_value());
  EXPECT_EQ(setting(**db, "committed"), "yes");
  EXPECT_EQ(setting(**db, "half"), "(none)");
}

}  // namespace
}  // namespace tidegate::store
