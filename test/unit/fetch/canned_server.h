#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

#include "os/fd.h"
#include "os/unix_path.h"

namespace tidegate::fetch {

// Answers each request of each connection, one connection after another, with the raw text that
// `answer` gives for the raw request; closes the connection after an empty answer.
class CannedServer {
 public:
  using Answer = std::function<std::string(const std::string& request)>;

  // On a free port of the loopback.
  explicit CannedServer(Answer answer) : answer_(std::move(answer)) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    start();
  }
  CannedServer(const os::Path& socket, Answer answer) : answer_(std::move(answer)) {
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto path = os::UnixPath::open(socket).value();
    sockaddr_un address{.sun_family = AF_UNIX};
    path.usable().copy(address.sun_path, sizeof address.sun_path - 1);
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    start();
  }
  ~CannedServer() {
    stopping_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (int fd = connection_; fd >= 0) ::shutdown(fd, SHUT_RDWR);
    thread_.join();
  }

  const std::string& url() const { return url_; }
  int connections() const { return connections_; }

 private:
  void start() {
    ::listen(listener_.get(), 16);
    thread_ = std::thread([this] { accept_all(); });
  }

  void accept_all() {
    while (!stopping_) {
      os::UniqueFd fd(::accept(listener_.get(), nullptr, nullptr));
      if (!fd) return;
      ++connections_;
      connection_ = fd.get();
      serve(fd.get());
      connection_ = -1;
    }
  }

  void serve(int fd) {
    std::string pending;
    while (!stopping_) {
      std::string request = read_request(fd, pending);
      if (request.empty()) return;
      std::string reply = answer_(request);
      if (reply.empty()) return;
      std::size_t at = 0;
      while (at < reply.size()) {
        ssize_t n = ::send(fd, reply.data() + at, reply.size() - at, MSG_NOSIGNAL);
        if (n <= 0) return;
        at += static_cast<std::size_t>(n);
      }
    }
  }

  static std::string read_request(int fd, std::string& pending) {
    char buffer[1 << 16];
    for (;;) {
      auto end = pending.find("\r\n\r\n");
      if (end != std::string::npos) {
        auto length = pending.find("Content-Length: ");
        std::size_t body = length < end ? std::stoul(pending.substr(length + 16)) : 0;
        if (pending.size() >= end + 4 + body) {
          std::string request = pending.substr(0, end + 4 + body);
          pending.erase(0, request.size());
          return request;
        }
      }
      ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
      if (n <= 0) return {};
      pending.append(buffer, static_cast<std::size_t>(n));
    }
  }

  Answer answer_;
  os::UniqueFd listener_;
  std::string url_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connection_{-1};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace tidegate::fetch
