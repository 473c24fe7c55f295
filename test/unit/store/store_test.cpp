#include "store/store.h"

#include <sys/stat.h>

#include "store/computes.h"
#include "store/workspaces.h"
#include "store_fixture.h"

namespace tidegate::store {
namespace {

using NewStoreTest = StoreTest;

TEST_F(NewStoreTest, ANewFolderHasTheDefaultWorkspaceAndTheMachine) {
  auto workspace = find_workspace(db(), "Default");  // Azure paths ignore case
  ASSERT_TRUE(workspace.has_value() && workspace->has_value());
  EXPECT_EQ((*workspace)->name, "default");
  EXPECT_EQ((*workspace)->resource_group, "tidegate");
  EXPECT_TRUE(find_compute(db(), "default", "machine")->has_value());
}

TEST_F(NewStoreTest, OpeningAgainAddsNothing) {
  std::string id = (*find_workspace(db(), "default"))->id;
  reopen();
  EXPECT_EQ((*find_workspace(db(), "default"))->id, id);
  EXPECT_EQ(list_computes(db(), "default")->size(), 1u);
}

TEST_F(NewStoreTest, FoldersAreForTheOwnerAlone) {
  for (const char* name : {"", "operations", "blobs"}) {
    struct stat info{};
    ASSERT_EQ(::stat((folder_.path() / "data" / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u) << name;
  }
}

}  // namespace
}  // namespace tidegate::store
