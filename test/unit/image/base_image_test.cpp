#include "image/base_image.h"

#include <gtest/gtest.h>

namespace tidegate::image {
namespace {

domain::Environment with_own_registry(const std::string& image) {
  domain::Environment environment;
  environment.base_image = image;
  environment.raw = Json::parse(
      R"({"docker":{"baseImageRegistry":{"address":"own.example","username":"me","password":"it"}}})");
  return environment;
}

TEST(BaseImage, IsTheEnvironmentsElseTheTargets) {
  domain::Environment environment;
  BaseImage base = base_image_of(environment, "r/default:1");
  EXPECT_EQ(base.name, "r/default:1");
  EXPECT_EQ(base.where, "the compute target's default base image");
  environment.base_image = "some/image:1";
  base = base_image_of(environment, "r/default:1");
  EXPECT_EQ(base.name, "some/image:1");
  EXPECT_FALSE(base.own_registry.has_value());
  environment.base_image.clear();
  environment.base_dockerfile = "FROM x\n";
  EXPECT_EQ(base_image_of(environment, "r/default:1").name, "") << "the Docker steps name it";
}

TEST(BaseImage, OwnRegistryIsPutBeforeItsName) {
  for (const char* name : {"team/base:1", "own.example/team/base:1"}) {
    BaseImage base = base_image_of(with_own_registry(name), "");
    EXPECT_EQ(base.name, "own.example/team/base:1");
    ASSERT_TRUE(base.own_registry.has_value());
    EXPECT_EQ(base.own_registry->user, "me");
    EXPECT_EQ(base.own_registry->password, Secret("it"));
  }
}

TEST(BaseImage, OwnRegistryOfNullsIsNone) {
  domain::Environment environment;
  environment.raw = Json::parse(R"({"docker":{"baseImageRegistry":{"address":null}}})");
  EXPECT_FALSE(base_image_of(environment, "x").own_registry.has_value());
}

TEST(BaseImage, RegistryIsTheOneWhoseHostBeginsItsName) {
  std::vector<oci::RegistryOptions> known = {
      {.address = ""}, {.address = "a:5000/path", .user = "u"}, {.address = "a:50001"}};
  auto found = registry_of("a:5000/other/base:1", known);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->address, "a:5000");
  EXPECT_EQ(found->user, "u");
  EXPECT_FALSE(registry_of("ubuntu:22.04", known).has_value());
  EXPECT_FALSE(registry_of("a:500/base", known).has_value());
}

}  // namespace
}  // namespace tidegate::image
