#include "os/unix_path.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace tidegate::os {
namespace {

sockaddr_un address_of(const UnixPath& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.usable().c_str());
  return address;
}

TEST(UnixPath, LongPathsCanBeBoundAndReached) {
  test::TempDir folder;
  Path deep = folder.path();
  while (deep.string().size() < 200) deep /= "a-folder-with-a-long-name";
  std::filesystem::create_directories(deep);
  auto path = UnixPath::open(deep / "s");
  ASSERT_TRUE(path.has_value());
  sockaddr_un address = address_of(*path);
  UniqueFd server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(server.get(), 1), 0);
  EXPECT_TRUE(std::filesystem::is_socket(deep / "s"));
  auto again = UnixPath::open(deep / "s");
  ASSERT_TRUE(again.has_value());
  sockaddr_un target = address_of(*again);
  UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&target), sizeof target), 0);
}

TEST(UnixPath, ShortPathsAreUsedAsTheyAre) {
  EXPECT_EQ(UnixPath::open("/tmp/s")->usable(), "/tmp/s");
}

}  // namespace
}  // namespace tidegate::os
