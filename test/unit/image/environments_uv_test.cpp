// With the real uv and the real interpreters of this machine; needs the package index.
#include <gtest/gtest.h>

#include <cstdlib>

#include "image/environments.h"
#include "os/process.h"
#include "os/real_random.h"
#include "support/temp_dir.h"

namespace tidegate::image {
namespace {

os::Path find_uv() {
  if (const char* given = std::getenv("TIDEGATE_UV")) return given;
  os::Path own = os::Path(TIDEGATE_SOURCE_DIR) / ".venv" / "bin" / "uv";
  if (std::filesystem::exists(own)) return own;
  return os::find_program("uv").value_or("uv, which scripts/setup installs, is missing");
}

class EnvironmentsUvTest : public testing::Test {
 protected:
  Result<BuiltEnvironment> ensure(const domain::Environment& environment) {
    return environments_.ensure(
        environment, {}, [this](std::string_view line) { log_ += std::string(line) + "\n"; });
  }

  test::TempDir folder_;
  os::RealCommandRunner runner_;
  os::RealRandom random_;
  Environments environments_{folder_ / "environments", find_uv(), runner_, random_};
  std::string log_;
};

std::string output_of(const std::vector<std::string>& argv) {
  os::RealCommandRunner runner;
  std::string text;
  auto status = runner.run({.argv = argv},
                           [&text](std::string_view line) { text += std::string(line) + "\n"; });
  EXPECT_TRUE(status.has_value() && status->ok()) << text;
  return text;
}

TEST_F(EnvironmentsUvTest, PackageCanBeImportedFromWhatWasBuilt) {
  domain::Environment environment;
  environment.pip = {"six==1.16.0"};
  auto built = ensure(environment);
  ASSERT_TRUE(built.has_value()) << built.error().message;
  EXPECT_EQ(output_of({built->interpreter, "-c", "import six; print(six.__version__)"}),
            "1.16.0\n");
  EXPECT_NE(log_.find("six==1.16.0"), std::string::npos) << "uv's own output is in the log";
  os::Path folder = os::Path(built->interpreter).parent_path().parent_path().parent_path();
  EXPECT_EQ(os::read_file(folder / "lock.txt").value(), "six==1.16.0\n");
  os::Path package =
      output_of({built->interpreter, "-c", "import six; print(six.__file__, end='')"});
  package = package.string().substr(0, package.string().find('\n'));
  EXPECT_EQ(std::filesystem::hard_link_count(package), 1U) << "nothing shared with uv's cache";
  auto again = ensure(environment);
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->reused);
}

TEST_F(EnvironmentsUvTest, InterpreterIsTheRealOneAndNoShim) {
  auto built = ensure({});
  ASSERT_TRUE(built.has_value()) << built.error().message;
  std::error_code error;
  os::Path base = std::filesystem::canonical(built->interpreter, error);
  EXPECT_EQ(base.string().find("shims"), std::string::npos);
  EXPECT_NE(log_.find("(" + base.string() + ")"), std::string::npos) << log_;
  EXPECT_EQ(log_.find("Failed to inspect"), std::string::npos) << "uv's noise is not the user's";
}

TEST_F(EnvironmentsUvTest, PackageThatDoesNotExistIsNamedWithItsLine) {
  domain::Environment environment;
  environment.conda = {"six=1.16"};
  environment.pip = {"attrs==0.0.99"};
  environment.origins = {{"attrs==0.0.99", "conda.yml:9"}};
  auto built = ensure(environment);
  ASSERT_FALSE(built.has_value());
  EXPECT_TRUE(built.error().message.starts_with("conda.yml:9: the package attrs==0.0.99"))
      << built.error().message;
  EXPECT_NE(built.error().message.find("No solution found"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "environments"));
}

TEST_F(EnvironmentsUvTest, RequirementThatCannotBeReadIsNamedWithItsLine) {
  domain::Environment environment;
  environment.pip = {"six==1.16.0", "foo bar baz"};
  environment.origins = {{"foo bar baz", "conda.yml:7"}};
  auto built = ensure(environment);
  ASSERT_FALSE(built.has_value());
  EXPECT_TRUE(built.error().message.starts_with("conda.yml:7: the package foo bar baz"))
      << built.error().message;
}

TEST_F(EnvironmentsUvTest, UserManagedVirtualEnvironmentStaysOne) {
  domain::Environment environment;
  environment.pip = {"six==1.16.0"};
  auto built = ensure(environment);
  ASSERT_TRUE(built.has_value()) << built.error().message;
  domain::Environment managed;
  managed.user_managed = true;
  managed.interpreter = built->interpreter;
  auto used = ensure(managed);
  ASSERT_TRUE(used.has_value()) << used.error().message;
  EXPECT_EQ(output_of({used->interpreter, "-c", "import six"}), "");
}

}  // namespace
}  // namespace tidegate::image
