#include "http/listen.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>

#include <gtest/gtest.h>

#include "unit/http/support.h"

namespace tidegate::http {
namespace {

Address unix_address(const os::Path& path) {
  return Address::parse("unix:" + path.string()).value();
}

TEST(Listen, TakesAPortTheKernelChooses) {
  os::UniqueFd listener = listen_anywhere();
  const Address address = address_of(listener);
  EXPECT_EQ(address.host, "127.0.0.1");
  EXPECT_NE(address.port, 0);
  EXPECT_TRUE(RawSocket::can_connect(address));
  EXPECT_NE(::fcntl(listener.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(listener.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Listen, ATakenPortIsAConflict) {
  os::UniqueFd listener = listen_anywhere();
  const auto second = listen_on(address_of(listener), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_NE(second.error().message.find(address_of(listener).text()), std::string::npos);
}

TEST(Listen, SeveralSocketsShareAPortIfTold) {
  ListenOptions options;
  options.reuse_port = true;
  const auto first = listen_on(Address::parse("tcp:127.0.0.1:0").value(), options);
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(listen_on(address_of(*first), options).has_value());
}

TEST(Listen, AUnixSocketHasTheModeThatWasAskedFor) {
  TempFolder folder;
  for (const os::Path& path :
       {folder.path() / "socket", folder.path() / std::string(120, 'd') / "socket"}) {
    ASSERT_TRUE(os::make_directories(path.parent_path()).has_value());
    ListenOptions options;
    options.unix_mode = 0622;
    const auto listener = listen_on(unix_address(path), options);
    ASSERT_TRUE(listener.has_value()) << listener.error().message;
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0622u);
  }
}

TEST(Listen, AStaleSocketIsReplacedAndALiveOneIsAConflict) {
  TempFolder folder;
  const Address address = unix_address(folder.path() / "socket");
  auto first = listen_on(address, {});
  ASSERT_TRUE(first.has_value());
  const auto second = listen_on(address, {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::conflict);
  first->reset();
  EXPECT_TRUE(listen_on(address, {}).has_value());
}

TEST(Listen, AFileThatIsNoSocketIsLeftAlone) {
  TempFolder folder;
  const os::Path path = folder.path() / "file";
  std::ofstream(path) << "precious";
  const auto listener = listen_on(unix_address(path), {});
  ASSERT_FALSE(listener.has_value());
  EXPECT_EQ(listener.error().code, Code::conflict);
  EXPECT_EQ(os::read_file(path).value(), "precious");
}

TEST(Listen, AMissingFolderIsAnError) {
  EXPECT_FALSE(listen_on(unix_address("/nonexistent/socket"), {}).has_value());
}

}  // namespace
}  // namespace tidegate::http
