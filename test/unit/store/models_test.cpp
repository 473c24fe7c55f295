#include "store/models.h"

#include "store/computes.h"
#include "store_fixture.h"

namespace tidegate::store {
namespace {

using ModelsTest = StoreTest;

TEST_F(ModelsTest, AModelOfAnUnknownAssetIsRefusedAndTakesNoNumber) {
  domain::Model model;
  model.name = "m";
  model.asset_id = "nothing";
  auto refused = add_model(db(), "default", model);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::conflict);
  std::string sha256 = put_asset("a", "abc");
  EXPECT_EQ(put_model("m", "a", sha256).version, 1);
}

TEST_F(ModelsTest, VersionsBeginAtOneAndGrowPerName) {
  std::string sha256 = put_asset("a", "abc");
  EXPECT_EQ(put_model("m", "a", sha256).version, 1);
  EXPECT_EQ(put_model("m", "a", sha256).version, 2);
  EXPECT_EQ(put_model("other", "a", sha256).version, 1);
  EXPECT_EQ(list_models(db(), "default")->size(), 3u);
  EXPECT_EQ(list_models(db(), "default", "m")->size(), 2u);
  EXPECT_EQ(list_models(db(), "default", "m")->front().version, 2);
}

TEST_F(ModelsTest, AModelComesBackAsItWasGiven) {
  std::string sha256 = put_asset("a", "abc");
  domain::Model model;
  model.name = "m";
  model.asset_id = "a";
  model.tags = {{"colour", "bl\"ue"}, {"kind", "'; DROP TABLE models; --"}};
  model.properties = {{"p", "1"}};
  model.description = "zeile\nzwei \xE2\x82\xAC";
  model.framework = "ScikitLearn";
  model.framework_version = "1.2";
  model.files = {{"m/a.bin", sha256, 3, true}, {"m/b.bin", sha256, 3, false}};
  model.created = clock_.wall();
  ASSERT_TRUE(add_model(db(), "default", model).has_value());
  reopen();
  auto found = find_model(db(), "default", {"m", 1});
  ASSERT_TRUE(found.has_value() && found->has_value());
  EXPECT_EQ((*found)->tags, model.tags);
  EXPECT_EQ((*found)->properties, model.properties);
  EXPECT_EQ((*found)->description, model.description);
  EXPECT_EQ((*found)->framework, "ScikitLearn");
  EXPECT_EQ((*found)->framework_version, "1.2");
  ASSERT_EQ((*found)->files.size(), 2u);
  EXPECT_EQ((*found)->files[0].path, "m/a.bin");
  EXPECT_TRUE((*found)->files[0].executable);
  EXPECT_EQ((*found)->created, clock_.wall());
}

TEST_F(ModelsTest, AnotherWorkspaceSeesNothing) {
  put_model("m", "a", put_asset("a", "abc"));
  EXPECT_FALSE(find_model(db(), "elsewhere", {"m", 1})->has_value());
  EXPECT_TRUE(list_models(db(), "elsewhere")->empty());
}

TEST_F(ModelsTest, AComputeNameIsTakenOnce) {
  domain::ComputeTarget target;
  target.name = "myaks";
  target.workspace = "default";
  ASSERT_TRUE(add_compute(db(), target).has_value());
  EXPECT_EQ(add_compute(db(), target).error().code, Code::conflict);
  EXPECT_EQ(list_computes(db(), "default")->size(), 2u);
  ASSERT_TRUE(remove_compute(db(), "default", "myaks").has_value());
  EXPECT_FALSE(find_compute(db(), "default", "myaks")->has_value());
  EXPECT_TRUE(find_compute(db(), "default", "machine")->has_value());
}

}  // namespace
}  // namespace tidegate::store
