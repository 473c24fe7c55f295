#include "backend/local/version_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "os/real_random.h"
#include "support/temp_dir.h"

namespace tidegate::backend::local {
namespace {

namespace fs = std::filesystem;

class VersionFolder : public testing::Test {
 protected:
  VersionFolder() {
    fs::create_directories(source_ / "pkg");
    os::write_file_quick(source_ / "score.py", "print()").value();
    os::write_file_quick(source_ / "pkg" / "run.sh", "#!", 0700).value();
    os::write_file_quick(folder_ / "blob", "weights").value();
    plan_.version_id = "s.1";
    plan_.source_tree = source_;
    plan_.model_files = {{folder_ / "blob", "azureml-models/m/1/model.pkl"},
                         {folder_ / "blob", "azureml-models/m/1/bin/tool", true}};
  }
  Result<> lay_out() { return lay_out_version(plan_, layout_, random_); }
  static int mode_of(const os::Path& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 ? static_cast<int>(info.st_mode & 0777) : -1;
  }
  std::vector<std::string> left_in_version() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(layout_.version("s.1"))) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  test::TempDir folder_;
  os::Path source_ = folder_ / "source";
  Layout layout_{folder_ / "data"};
  os::Path app_ = layout_.app("s.1");
  os::RealRandom random_;
  VersionPlan plan_;
};

TEST_F(VersionFolder, FailureLeavesNoHalf) {
  plan_.model_files.push_back({folder_ / "missing", "azureml-models/m/1/x"});
  auto result = lay_out();
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().message.find("missing"), std::string::npos);
  EXPECT_EQ(left_in_version(), std::vector<std::string>{"logs"});
}

TEST_F(VersionFolder, TargetsOutsideAreRefused) {
  for (const char* target : {"../x", "/etc/x", "a/../../x", "", "azureml-models/"}) {
    plan_.model_files = {{folder_ / "blob", target}};
    auto result = lay_out();
    ASSERT_FALSE(result.has_value()) << target;
    EXPECT_EQ(result.error().code, Code::invalid);
  }
  plan_.version_id = "../v";
  EXPECT_FALSE(lay_out().has_value());
}

TEST_F(VersionFolder, SourceCannotLeadModelsElsewhere) {
  fs::create_directories(folder_ / "outside");
  fs::create_symlink(folder_ / "outside", source_ / "azureml-models");
  auto result = lay_out();
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().message.find("azureml-models"), std::string::npos);
  EXPECT_TRUE(fs::is_empty(folder_ / "outside"));
}

TEST_F(VersionFolder, SourceCannotReplaceAModel) {
  fs::create_directories(source_ / "azureml-models/m/1");
  os::write_file_quick(source_ / "azureml-models/m/1/model.pkl", "other").value();
  EXPECT_FALSE(lay_out().has_value());
}

TEST_F(VersionFolder, HoldsModelsReadOnlyAndACopyOfTheSource) {
  ASSERT_TRUE(lay_out().has_value());
  EXPECT_EQ(os::read_file(app_ / "azureml-models/m/1/model.pkl").value(), "weights");
  EXPECT_EQ(mode_of(app_ / "azureml-models/m/1/model.pkl"), 0444);
  EXPECT_EQ(mode_of(app_ / "azureml-models/m/1/bin/tool"), 0555);
  EXPECT_EQ(os::read_file(app_ / "score.py").value(), "print()");
  EXPECT_EQ(mode_of(app_ / "score.py"), 0644);
  EXPECT_EQ(mode_of(app_ / "pkg/run.sh"), 0755);
  EXPECT_EQ(fs::hard_link_count(app_ / "azureml-models/m/1/model.pkl"), 1U);
  EXPECT_EQ(mode_of(folder_ / "blob"), 0644) << "the blob stays as it was";
}

TEST_F(VersionFolder, LinksInTheSourceStayLinks) {
  fs::create_symlink("score.py", source_ / "main.py");
  ASSERT_TRUE(lay_out().has_value());
  EXPECT_EQ(fs::read_symlink(app_ / "main.py"), "score.py");
}

TEST_F(VersionFolder, SecondTimeChangesNothing) {
  ASSERT_TRUE(lay_out().has_value());
  plan_.source_tree = "/no/such/folder";
  EXPECT_TRUE(lay_out().has_value());
  EXPECT_TRUE(fs::exists(app_ / "score.py"));
}

TEST_F(VersionFolder, LeftoverOfACrashIsRemoved) {
  fs::create_directories(layout_.version("s.1") / "app.partial-0123" / "x");
  ASSERT_TRUE(lay_out().has_value());
  EXPECT_EQ(left_in_version(), (std::vector<std::string>{"app", "logs"}));
}

TEST_F(VersionFolder, VersionWithoutSourceOrModelsIsAnEmptyFolder) {
  plan_.source_tree.clear();
  plan_.model_files.clear();
  ASSERT_TRUE(lay_out().has_value());
  EXPECT_TRUE(fs::is_empty(app_));
}

}  // namespace
}  // namespace tidegate::backend::local
