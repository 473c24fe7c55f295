#include "image/install_script.h"

#include <gtest/gtest.h>

#include "os/process.h"
#include "support/temp_dir.h"

namespace tidegate::image {
namespace {

TEST(InstallScript, BeginsWithWhatWasAskedFor) {
  std::string text = install_script({.python_version = "3.8.13", .is_strict = true});
  EXPECT_TRUE(
      text.starts_with("set -eu\n"
                       "here=/run/tidegate\n"
                       "target=/opt/azureml-env\n"
                       "asked='3.8'\n"
                       "strict=1\n"
                       "needs_conda=0\n"
                       "has_conda=0\n"))
      << text;
  for (const char* any : {"", "3", "three; reboot"}) {
    EXPECT_NE(install_script({.python_version = any}).find("asked=''\n"), std::string::npos) << any;
  }
}

TEST(InstallScript, IsShellThatParses) {
  test::TempDir folder;
  os::write_file_quick(folder / "install.sh",
                       install_script({.needs_conda = true, .has_conda = true}))
      .value();
  os::RealCommandRunner runner;
  std::string output;
  auto status = runner.run({.argv = {"/bin/sh", "-n", (folder / "install.sh").string()}},
                           [&output](std::string_view line) { output += line; });
  ASSERT_TRUE(status.has_value());
  EXPECT_TRUE(status->ok()) << output;
}

TEST(InstallScript, VariablesSurviveTheShell) {
  EXPECT_EQ(environment_script({{"A", "it's $HOME"}, {"B", ""}}),
            "export A='it'\\''s $HOME'\nexport B=''\n");
}

TEST(InstallScript, IndexProxiesAndCertificatesReachTheBuild) {
  std::map<std::string, std::string> own = {
      {"HTTPS_PROXY", "http://proxy"}, {"http_proxy", ""}, {"AWS_SECRET", "x"}};
  ReadVariable read = [&own](const char* name) -> const char* {
    auto found = own.find(name);
    return found == own.end() ? nullptr : found->second.c_str();
  };
  PackageIndex index{.identity = "https://i", .env = {{"UV_DEFAULT_INDEX", "https://me:it@i"}}};
  const std::map<std::string, std::string> expected = {
      {"HTTPS_PROXY", "http://proxy"},           {"PIP_CERT", "/run/tidegate/ca.pem"},
      {"PIP_INDEX_URL", "https://me:it@i"},      {"REQUESTS_CA_BUNDLE", "/run/tidegate/ca.pem"},
      {"SSL_CERT_FILE", "/run/tidegate/ca.pem"}, {"UV_CACHE_DIR", "/run/tidegate/cache"},
      {"UV_DEFAULT_INDEX", "https://me:it@i"},   {"UV_PYTHON_DOWNLOADS", "never"}};
  EXPECT_EQ(build_variables(read, index, /*has_certificates=*/true), expected);
  EXPECT_FALSE(build_variables(read, {}, /*has_certificates=*/false).contains("SSL_CERT_FILE"));
}

TEST(InstallScript, CondaTextIsYamlInTheUsersOrder) {
  domain::Environment environment;
  environment.python_version = "3.8";
  environment.channels = {"conda-forge", "anaconda"};
  environment.conda = {"numpy=1.20", "cudatoolkit"};
  environment.pip = {"six>=1"};
  EXPECT_EQ(conda_text(environment),
            R"({"channels":["conda-forge","anaconda"],)"
            R"("dependencies":["python=3.8","numpy=1.20","cudatoolkit","pip",{"pip":["six>=1"]}]})"
            "\n");
}

}  // namespace
}  // namespace tidegate::image
