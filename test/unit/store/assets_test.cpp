#include "store/assets.h"

#include "store_fixture.h"

namespace tidegate::store {
namespace {

class AssetsTest : public StoreTest {
 protected:
  void upload(const std::string& container, const std::string& path) {
    std::string sha256 = put_blob(path);
    ASSERT_TRUE(
        put_artifact(db(), {container, path, sha256, path.size(), clock_.wall()}).has_value());
  }
  Result<Asset> make(const std::string& id, std::vector<std::string> prefixes) {
    return add_asset(db(), {.id = id,
                            .workspace = "default",
                            .name = "n",
                            .prefixes = std::move(prefixes),
                            .created = clock_.wall()});
  }
};

TEST_F(AssetsTest, APrefixWithNothingUnderItIsRefused) {
  upload("c", "model.pkl");
  auto asset = make("a", {"LocalUpload/c/model"});  // no such file, no such folder
  ASSERT_FALSE(asset.has_value());
  EXPECT_EQ(asset.error().code, Code::invalid);
  EXPECT_NE(asset.error().message.find("LocalUpload/c/model"), std::string::npos);
  EXPECT_FALSE(find_asset(db(), "default", "a")->has_value());
}

TEST_F(AssetsTest, APrefixOfAnotherOriginIsRefused) {
  EXPECT_EQ(make("a", {"ExperimentRun/c/x"}).error().code, Code::invalid);
}

TEST_F(AssetsTest, TwoFilesForOnePathAreRefused) {
  upload("c", "m/x");
  upload("d", "m/x");
  EXPECT_EQ(make("a", {"LocalUpload/c/m", "LocalUpload/d/m"}).error().code, Code::invalid);
}

TEST_F(AssetsTest, AFolderKeepsItsOwnNameInThePaths) {
  upload("c", "up/mymodel/weights.bin");
  upload("c", "up/mymodel/sub/config.json");
  upload("c", "up/mymodel2/no.bin");
  auto asset = make("a", {"LocalUpload/c/up/mymodel"});
  ASSERT_TRUE(asset.has_value()) << asset.error().message;
  ASSERT_EQ(asset->files.size(), 2u);
  EXPECT_EQ(asset->files[0].path, "mymodel/sub/config.json");
  EXPECT_EQ(asset->files[1].path, "mymodel/weights.bin");
}

TEST_F(AssetsTest, AnAssetKeepsItsContentWhenTheArtifactChanges) {
  upload("c", "x.py");
  ASSERT_TRUE(make("a", {"LocalUpload/c/x.py"}).has_value());
  std::string other = put_blob("something else");
  ASSERT_TRUE(put_artifact(db(), {"c", "x.py", other, 14, clock_.wall()}).has_value());
  auto asset = find_asset(db(), "default", "a");
  ASSERT_TRUE(asset.has_value() && asset->has_value());
  EXPECT_NE((*asset)->files[0].sha256, other);
}

TEST_F(AssetsTest, RemovingAnAssetTakesItsArtifactsButNotThoseOfAnother) {
  upload("c", "x.py");
  upload("c", "y.py");
  auto first = make("a", {"LocalUpload/c/x.py", "LocalUpload/c/y.py"});
  ASSERT_TRUE(make("b", {"LocalUpload/c/y.py"}).has_value());
  ASSERT_TRUE(remove_asset(db(), *first).has_value());
  EXPECT_FALSE(find_artifact(db(), "c", "x.py")->has_value());
  EXPECT_TRUE(find_artifact(db(), "c", "y.py")->has_value());
}

TEST_F(AssetsTest, UsersOfAnAssetAreModelsAndVersions) {
  std::string sha256 = put_asset("model-asset", "abc");
  put_asset("source", "def");
  put_asset("loose", "ghi");
  put_model("m", "model-asset", sha256);
  domain::ServiceSpec with_source = spec("one");
  with_source.workload.assets = {{"source", "application/octet-stream", true}};
  put_service("s", with_source);
  ASSERT_TRUE(add_version(db(), {.id = "s.1", .service_id = "s", .spec = with_source}).has_value());
  EXPECT_TRUE(*is_asset_used(db(), "model-asset"));
  EXPECT_TRUE(*is_asset_used(db(), "source"));
  EXPECT_FALSE(*is_asset_used(db(), "loose"));
}

}  // namespace
}  // namespace tidegate::store
