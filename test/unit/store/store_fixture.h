#pragma once

#include <gtest/gtest.h>

#include "store/assets.h"
#include "store/models.h"
#include "store/services.h"
#include "store/store.h"
#include "store/versions.h"
#include "support/sim.h"
#include "support/temp_dir.h"

namespace tidegate::store {

// A new data folder, opened, and short ways to fill it.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { reopen(); }

  void reopen() {
    store_.reset();
    auto opened = Store::open(folder_.path() / "data", clock_, random_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    store_ = std::make_unique<Store>(std::move(*opened));
  }

  Database& db() { return *store_->db; }
  BlobFolder& blobs() { return *store_->blobs; }

  std::string put_blob(std::string_view text) {
    auto writer = blobs().begin();
    EXPECT_TRUE(writer.has_value());
    EXPECT_TRUE((*writer)->append(text).has_value());
    auto blob = (*writer)->finish();
    EXPECT_TRUE(blob.has_value());
    return blob->sha256;
  }

  // Content, artifact and an asset of one file; returns the asset's hash.
  std::string put_asset(const std::string& id, std::string_view text) {
    std::string sha256 = put_blob(text);
    EXPECT_TRUE(put_artifact(db(), {"c-" + id, id + ".bin", sha256, text.size(), clock_.wall()})
                    .has_value());
    auto asset = add_asset(db(), {.id = id,
                                  .workspace = "default",
                                  .name = id,
                                  .prefixes = {"LocalUpload/c-" + id + "/" + id + ".bin"},
                                  .created = clock_.wall()});
    EXPECT_TRUE(asset.has_value()) << asset.error().message;
    return sha256;
  }

  domain::Model put_model(const std::string& name, const std::string& asset_id,
                          const std::string& sha256) {
    domain::Model model;
    model.name = name;
    model.asset_id = asset_id;
    model.files = {{"model.pkl", sha256, 3, false}};
    model.created = clock_.wall();
    auto added = add_model(db(), "default", model);
    EXPECT_TRUE(added.has_value()) << added.error().message;
    return *added;
  }

  domain::ServiceSpec spec(const std::string& name) {
    domain::ServiceSpec spec;
    spec.workspace = "default";
    spec.name = name;
    spec.compute_name = "machine";
    return spec;
  }

  void put_service(const std::string& id, const domain::ServiceSpec& spec) {
    StoredService stored;
    stored.service.id = id;
    stored.service.spec = spec;
    stored.service.keys = {Secret("first"), Secret("second")};
    ASSERT_TRUE(add_service(db(), stored).has_value());
  }

  test::TempDir folder_;
  test::SimClock clock_;
  test::SimRandom random_{1};
  std::unique_ptr<Store> store_;
};

}  // namespace tidegate::store
