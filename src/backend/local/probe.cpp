#include "backend/local/probe.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "os/fd.h"
#include "os/unix_path.h"

namespace tidegate::backend::local {
namespace {

constexpr std::string_view kRequest =
    "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
constexpr std::string_view kHealthy = "HTTP/1.1 200";

// One question and the first bytes of its answer.
class Probe {
 public:
  explicit Probe(const os::Path& socket) {
    auto path = os::UnixPath::open(socket);
    if (!path) return;
    os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path->usable().copy(address.sun_path, sizeof address.sun_path - 1);
    // A Unix socket connects at once or not at all (EAGAIN: its queue is full, so it is not well).
    if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      return;
    // The request is far smaller than an empty socket's buffer.
    if (::send(fd.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(kRequest.size())) {
      return;
    }
    fd_ = std::move(fd);
  }

  int fd() const { return fd_.get(); }  // -1: nothing more to wait for
  bool healthy() const { return healthy_; }

  void read_some() {
    char buffer[512];
    ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) answer_.append(buffer, static_cast<std::size_t>(n));
    if (n > 0 && answer_.size() < kHealthy.size()) return;
    healthy_ = answer_.starts_with(kHealthy);
    fd_.reset();
  }

 private:
  os::UniqueFd fd_;
  std::string answer_;
  bool healthy_ = false;
};

bool wait_and_read(std::vector<Probe>& probes, Milliseconds left) {
  std::vector<pollfd> waiting;
  std::vector<Probe*> owners;
  for (Probe& probe : probes) {
    if (probe.fd() < 0) continue;
    waiting.push_back({.fd = probe.fd(), .events = POLLIN, .revents = 0});
    owners.push_back(&probe);
  }
  if (waiting.empty()) return false;
  if (::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) < 0)
    return errno == EINTR;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (waiting[i].revents != 0) owners[i]->read_some();
  }
  return true;
}

}  // namespace

std::vector<bool> probe_sockets(const std::vector<os::Path>& sockets, Milliseconds time_limit,
                                const Clock& clock) {
  std::vector<Probe> probes;
  for (const os::Path& socket : sockets) probes.emplace_back(socket);
  MonoTime deadline = clock.mono() + time_limit;
  for (;;) {
    auto left = std::chrono::ceil<Milliseconds>(deadline - clock.mono());
    if (left.count() <= 0 || !wait_and_read(probes, left)) break;
  }
  std::vector<bool> healthy;
  for (const Probe& probe : probes) healthy.push_back(probe.healthy());
  return healthy;
}

}  // namespace tidegate::backend::local
