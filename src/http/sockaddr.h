// An Address as the kernel wants it. Not for other folders.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "http/address.h"
#include "os/unix_path.h"

namespace tidegate::http {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress unix_socket_address(const os::UnixPath& path);
// Numeric addresses are converted; a name is looked up, which may block: use names in listeners and
// where a loop can afford the wait.
Result<SocketAddress> tcp_socket_address(const Address& address);
// "127.0.0.1:50312", "[::1]:80" or "unix".
std::string peer_text(const SocketAddress& address);

}  // namespace tidegate::http
