#include "image/recipe.h"

#include <gtest/gtest.h>

#include <functional>

namespace tidegate::image {
namespace {

domain::Environment some_environment() {
  domain::Environment environment;
  environment.name = "my-env";
  environment.version = "1";
  environment.variables = {{"K", "V"}};
  environment.python_version = "3.8";
  environment.channels = {"conda-forge", "anaconda"};
  environment.conda = {"numpy=1.20", "scipy"};
  environment.pip = {"scikit-learn==1.3.2", "six"};
  environment.base_image = "some/image:1";
  environment.base_dockerfile = "FROM x\nRUN y\n";
  return environment;
}

Platform some_platform() {
  return {.architecture = "x86_64",
          .interpreter = "/usr/bin/python3.11",
          .interpreter_version = "3.11.2",
          .package_index = "https://index.example/simple"};
}

TEST(Recipe, TextIsWhatMakesTheEnvironment) {
  EXPECT_EQ(make_recipe(some_environment(), some_platform()).text,
            "tidegate environment: 1\n"
            "base_image: some/image:1\n"
            "base_dockerfile: \"FROM x\\nRUN y\\n\"\n"
            "os: linux\n"
            "architecture: x86_64\n"
            "python: 3.8\n"
            "interpreter: /usr/bin/python3.11\n"
            "interpreter_version: 3.11.2\n"
            "package_index: https://index.example/simple\n"
            "channel: conda-forge\n"
            "channel: anaconda\n"
            "conda: numpy=1.20\n"
            "conda: scipy\n"
            "pip: scikit-learn==1.3.2\n"
            "pip: six\n");
}

TEST(Recipe, HashIsTheSha256OfTheText) {
  std::string hash = make_recipe(some_environment(), some_platform()).hash;
  EXPECT_EQ(hash.size(), 64U);
  EXPECT_EQ(hash, make_recipe(some_environment(), some_platform()).hash);
}

TEST(Recipe, EachIngredientChangesTheHash) {
  using Change = std::function<void(domain::Environment&, Platform&)>;
  const std::pair<const char*, Change> changes[] = {
      {"base image", [](auto& e, auto&) { e.base_image = "other"; }},
      {"Docker steps", [](auto& e, auto&) { e.base_dockerfile += "RUN z\n"; }},
      {"channels", [](auto& e, auto&) { e.channels.pop_back(); }},
      {"order of channels", [](auto& e, auto&) { std::swap(e.channels[0], e.channels[1]); }},
      {"conda", [](auto& e, auto&) { e.conda[0] = "numpy=1.21"; }},
      {"order of conda", [](auto& e, auto&) { std::swap(e.conda[0], e.conda[1]); }},
      {"pip", [](auto& e, auto&) { e.pip.push_back("attrs"); }},
      {"order of pip", [](auto& e, auto&) { std::swap(e.pip[0], e.pip[1]); }},
      {"moved from conda to pip",
       [](auto& e, auto&) {
         e.pip.insert(e.pip.begin(), e.conda.back());
         e.conda.pop_back();
       }},
      {"python asked", [](auto& e, auto&) { e.python_version = "3.9"; }},
      {"user-managed", [](auto& e, auto&) { e.user_managed = true; }},
      {"interpreter", [](auto&, auto& p) { p.interpreter = "/opt/python"; }},
      {"interpreter version", [](auto&, auto& p) { p.interpreter_version = "3.11.3"; }},
      {"os", [](auto&, auto& p) { p.os = "other"; }},
      {"architecture", [](auto&, auto& p) { p.architecture = "aarch64"; }},
      {"index", [](auto&, auto& p) { p.package_index.clear(); }},
  };
  std::string before = make_recipe(some_environment(), some_platform()).hash;
  for (const auto& [name, change] : changes) {
    domain::Environment environment = some_environment();
    Platform platform = some_platform();
    change(environment, platform);
    EXPECT_NE(make_recipe(environment, platform).hash, before) << name;
  }
}

TEST(Recipe, NameVersionAndVariablesDoNotChangeTheHash) {
  domain::Environment environment = some_environment();
  environment.name = "other";
  environment.version = "7";
  environment.variables.clear();
  environment.origins["six"] = "elsewhere:1";
  EXPECT_EQ(make_recipe(environment, some_platform()).hash,
            make_recipe(some_environment(), some_platform()).hash);
}

TEST(Recipe, UserManagedOneIsItsInterpreterPath) {
  domain::Environment environment = some_environment();
  environment.user_managed = true;
  environment.interpreter = "/opt/venv/bin/python";
  Recipe recipe = make_recipe(environment, some_platform());
  EXPECT_NE(recipe.text.find("user_managed_interpreter: /opt/venv/bin/python\n"),
            std::string::npos);
  domain::Environment same = environment;
  same.pip.clear();  // nothing is installed, so the list changes nothing
  EXPECT_EQ(make_recipe(same, some_platform()).hash, recipe.hash);
  same.interpreter = "python3";
  EXPECT_NE(make_recipe(same, some_platform()).hash, recipe.hash);
}

TEST(Recipe, LineBreakInAValueCannotForgeAnotherLine) {
  domain::Environment one = some_environment();
  one.pip = {"a", "b"};
  domain::Environment other = some_environment();
  other.pip = {"a\npip: b"};
  EXPECT_NE(make_recipe(one, some_platform()).text, make_recipe(other, some_platform()).text);
}

TEST(ImageRecipe, TextIsWhatMakesTheImage) {
  ImagePlatform platform{.base = "r:1/base@sha256:0",
                         .architecture = "x86_64",
                         .package_index = "https://index.example/simple"};
  domain::Environment environment = some_environment();
  environment.base_dockerfile.clear();
  EXPECT_EQ(make_image_recipe(environment, platform).text,
            "tidegate image: 1\n"
            "base_image: r:1/base@sha256:0\n"
            "base_dockerfile: \n"
            "os: linux\n"
            "architecture: x86_64\n"
            "python: 3.8\n"
            "package_index: https://index.example/simple\n"
            "channel: conda-forge\n"
            "channel: anaconda\n"
            "conda: numpy=1.20\n"
            "conda: scipy\n"
            "pip: scikit-learn==1.3.2\n"
            "pip: six\n");
  environment.user_managed = true;
  environment.interpreter = "python";
  EXPECT_EQ(make_image_recipe(environment, platform).text,
            "tidegate image: 1\n"
            "base_image: r:1/base@sha256:0\n"
            "base_dockerfile: \n"
            "os: linux\n"
            "architecture: x86_64\n"
            "user_managed_interpreter: python\n");
}

TEST(ImageRecipe, TheBasesDigestCountsAndNotItsName) {
  ImagePlatform platform{.base = "r:1/base@sha256:0", .architecture = "x86_64"};
  domain::Environment environment = some_environment();
  std::string before = make_image_recipe(environment, platform).hash;
  environment.base_image = "the-same:2";
  EXPECT_EQ(make_image_recipe(environment, platform).hash, before);
  platform.base = "r:1/base@sha256:1";
  EXPECT_NE(make_image_recipe(environment, platform).hash, before);
}

}  // namespace
}  // namespace tidegate::image
