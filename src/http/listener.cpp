#include "http/listener.h"

#include <sys/socket.h>

#include <cerrno>

namespace tidegate::http {

// Connections accepted in one turn, so that those we have are served meanwhile.
constexpr int kAcceptsPerTurn = 32;

void Listener::on_readable() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (!owner_.wants_connection()) {
      if (i == 0) return owner_.on_no_place();
      break;  // whether one more waits is not known yet
    }
    SocketAddress peer;
    peer.size = sizeof peer.storage;
    os::UniqueFd accepted(::accept4(fd(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted) {
      owner_.on_accepted(std::move(accepted), peer);
      continue;
    }
    if (errno == EAGAIN) break;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return owner_.on_accept_failed(errno);
    }
    // The rest is about one client that has left already.
  }
  watch_readable();
}

}  // namespace tidegate::http
