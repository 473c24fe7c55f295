#include "http/listen.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "http/sockaddr.h"

namespace tidegate::http {

namespace {

constexpr int kSocketType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

Result<> start_listening(int fd, const Address& address, const ListenOptions& options) {
  if (::listen(fd, options.backlog) == 0) return {};
  return fail_errno(fmt::format("cannot listen on {}", address.text()));
}

Result<os::UniqueFd> listen_tcp(const Address& address, const ListenOptions& options) {
  TIDEGATE_TRY(SocketAddress local, tcp_socket_address(address));
  os::UniqueFd fd(::socket(local.family(), kSocketType, 0));
  if (!fd) return fail_errno(fmt::format("cannot open a socket for {}", address.text()));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (options.reuse_port) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd.get(), local.get(), local.size) != 0) {
    return fail_errno(fmt::format("cannot bind {}", address.text()));
  }
  TIDEGATE_TRY_VOID(start_listening(fd.get(), address, options));
  return fd;
}

// Whether somebody accepts at this path. A full backlog is somebody, too.
bool somebody_listens(const SocketAddress& address) {
  os::UniqueFd probe(::socket(AF_UNIX, kSocketType, 0));
  if (!probe) return true;
  return ::connect(probe.get(), address.get(), address.size) == 0 || errno == EAGAIN;
}

Result<> remove_stale_socket(const os::UnixPath& path, const SocketAddress& local,
                             const Address& address) {
  struct stat status{};
  if (::lstat(path.usable().c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return fail(
        Code::conflict,
        fmt::format("{} exists and is no socket: remove it or choose another path", address.path));
  }
  if (somebody_listens(local)) {
    return fail(Code::conflict, fmt::format("somebody listens on {} already", address.text()));
  }
  ::unlink(path.usable().c_str());
  return {};
}

Result<os::UniqueFd> listen_unix(const Address& address, const ListenOptions& options) {
  TIDEGATE_TRY(os::UnixPath path, os::UnixPath::open(address.path));
  const SocketAddress local = unix_socket_address(path);
  TIDEGATE_TRY_VOID(remove_stale_socket(path, local, address));
  os::UniqueFd fd(::socket(AF_UNIX, kSocketType, 0));
  if (!fd) return fail_errno(fmt::format("cannot open a socket for {}", address.text()));
  // Linux takes the mode of the file from the socket's own inode.
  if (::fchmod(fd.get(), static_cast<mode_t>(options.unix_mode)) != 0) {
    return fail_errno(fmt::format("cannot set the mode of {}", address.text()));
  }
  if (::bind(fd.get(), local.get(), local.size) != 0) {
    return fail_errno(fmt::format("cannot bind {}", address.text()));
  }
  // bind() applied the umask on top.
  if (::chmod(path.usable().c_str(), static_cast<mode_t>(options.unix_mode)) != 0) {
    return fail_errno(fmt::format("cannot set the mode of {}", address.text()));
  }
  TIDEGATE_TRY_VOID(start_listening(fd.get(), address, options));
  return fd;
}

}  // namespace

Result<os::UniqueFd> listen_on(const Address& address, const ListenOptions& options) {
  if (address.kind == Address::Kind::unix_socket) return listen_unix(address, options);
  return listen_tcp(address, options);
}

Result<Address> local_address(int fd) {
  SocketAddress local;
  local.size = sizeof local.storage;
  if (::getsockname(fd, local.get(), &local.size) != 0) {
    return fail_errno("cannot read the address of a socket");
  }
  Address address;
  if (local.family() == AF_UNIX) {
    address.kind = Address::Kind::unix_socket;
    const auto& unix_part = reinterpret_cast<const sockaddr_un&>(local.storage);
    address.path =
        std::string(unix_part.sun_path,
                    ::strnlen(unix_part.sun_path, local.size - offsetof(sockaddr_un, sun_path)));
    return address;
  }
  return parse_host_port(peer_text(local), "socket");
}

}  // namespace tidegate::http
