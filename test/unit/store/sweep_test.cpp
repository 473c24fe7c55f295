#include "store/sweep.h"

#include "store_fixture.h"

namespace tidegate::store {
namespace {

using SweepTest = StoreTest;

TEST_F(SweepTest, ContentWithoutARowGoesAndContentWithARowStays) {
  std::string lost = put_blob("lost in a crash");
  std::string held = put_asset("a", "abc");
  ASSERT_TRUE(sweep_all_blobs(db(), blobs()).has_value());
  EXPECT_FALSE(blobs().contains(lost));
  EXPECT_TRUE(blobs().contains(held));
}

TEST_F(SweepTest, UnusedAssetsGoWithTheirContent) {
  std::string gone = put_asset("a", "abc");
  std::string used = put_asset("b", "def");
  put_model("m", "b", used);
  ASSERT_TRUE(remove_unused_assets(db(), blobs(), "default", {"a", "b", "unknown"}).has_value());
  EXPECT_FALSE(find_asset(db(), "default", "a")->has_value());
  EXPECT_FALSE(find_artifact(db(), "c-a", "a.bin")->has_value());
  EXPECT_FALSE(blobs().contains(gone));
  EXPECT_TRUE(find_asset(db(), "default", "b")->has_value());
  EXPECT_TRUE(blobs().contains(used));
}

TEST_F(SweepTest, ContentThatAnotherAssetSharesStays) {
  std::string shared = put_asset("a", "abc");
  put_asset("b", "abc");
  ASSERT_TRUE(remove_unused_assets(db(), blobs(), "default", {"a"}).has_value());
  EXPECT_TRUE(blobs().contains(shared));
}

TEST_F(SweepTest, UploadsThatWereGivenUpGoByAge) {
  std::string old_asset = put_asset("a", "abc");
  std::string old_file = put_blob("loose");
  ASSERT_TRUE(put_artifact(db(), {"c", "loose", old_file, 5, clock_.wall()}).has_value());
  std::string kept = put_asset("kept", "def");
  put_model("m", "kept", kept);
  clock_.advance(std::chrono::hours(1));
  WallTime limit = clock_.wall();
  std::string new_asset = put_asset("b", "ghi");
  ASSERT_TRUE(remove_given_up_uploads(db(), blobs(), limit).has_value());
  EXPECT_FALSE(blobs().contains(old_asset));
  EXPECT_FALSE(blobs().contains(old_file));
  EXPECT_TRUE(blobs().contains(kept));
  EXPECT_TRUE(find_artifact(db(), "c-kept", "kept.bin")->has_value());
  EXPECT_TRUE(blobs().contains(new_asset));
}

}  // namespace
}  // namespace tidegate::store
