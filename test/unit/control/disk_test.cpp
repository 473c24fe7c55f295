// A data folder on a disk that is nearly full.
#include <sys/mount.h>

#include "control_fixture.h"

namespace tidegate::control {
namespace {

class DiskTest : public ControlTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(os::make_directories(data_dir()).has_value());
    mounted_ = ::mount("tmpfs", data_dir().c_str(), "tmpfs", 0, "size=80m") == 0;
    if (!mounted_) GTEST_SKIP() << "needs the right to mount";
    start();
  }
  void TearDown() override {
    ControlTest::TearDown();
    if (mounted_) ::umount(data_dir().c_str());
  }
  bool mounted_ = false;
};

TEST_F(DiskTest, AnUploadThatDoesNotFitIsRefusedWithTheFolderNamedAndLeavesNothing) {
  upload("small.bin", "fits");
  auto files = file_tree();
  std::string batch = "/artifact/v2.0" + kWorkspace + "/artifacts/batch/metadata/LocalUpload/c";
  Json places = ask("POST", batch, {{"paths", {{{"path", "large.bin"}}}}}).json();
  std::string uri = places["artifactContentInformation"]["large.bin"]["contentUri"];
  Answer refused = control::ask(api_socket(), "PUT", uri.substr(16), std::string(20 << 20, 'x'));
  EXPECT_EQ(refused.status, 507) << refused.body;
  EXPECT_NE(refused.body.find((data_dir() / "blobs").string()), std::string::npos) << refused.body;
  EXPECT_EQ(file_tree(), files);
}

}  // namespace
}  // namespace tidegate::control
