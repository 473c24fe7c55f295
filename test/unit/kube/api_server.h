// An HTTP server on the loopback that answers as an API server would: a thread per connection, so
// that a watch may stay open beside other calls.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "os/fd.h"

namespace tidegate::kube {

struct Asked {
  std::string method;
  std::string target;  // path and query
  std::string head;    // whole
  std::string body;

  bool has(std::string_view part) const { return target.find(part) != std::string::npos; }
  bool is_watch() const { return has("watch=true"); }
};

class ApiServer {
 public:
  // One answer of one connection.
  class Wire {
   public:
    Wire(ApiServer& server, int fd) : server_(server), fd_(fd) {}
    void raw(std::string_view bytes) {
      while (!bytes.empty()) {
        ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(n));
      }
    }
    void answer(int status, std::string_view body, std::string_view type = "application/json") {
      raw(fmt::format("HTTP/1.1 {} x\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", status,
                      type, body.size(), body));
    }
    void begin_stream() { raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"); }
    void piece(std::string_view bytes) { raw(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes)); }
    void end_stream() { raw("0\r\n\r\n"); }
    // The connection breaks off here.
    void cut() { ::shutdown(fd_, SHUT_RDWR); }
    // Says nothing until the test lets go, or ends.
    void hold() {
      std::unique_lock lock(server_.mutex_);
      server_.changed_.wait(lock, [&] { return server_.is_stopping_ || server_.is_let_go_; });
    }

   private:
    ApiServer& server_;
    int fd_;
  };
  using Handler = std::function<void(const Asked&, Wire&)>;

  explicit ApiServer(Handler handler, int port = 0) : handler_(std::move(handler)) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int one = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{.sin_family = AF_INET,
                        .sin_port = htons(static_cast<std::uint16_t>(port)),
                        .sin_addr = {htonl(INADDR_LOOPBACK)},
                        .sin_zero = {}};
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    ::listen(listener_.get(), 16);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~ApiServer() {
    {
      std::lock_guard lock(mutex_);
      is_stopping_ = true;
      for (int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    changed_.notify_all();
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  int port() const { return port_; }
  std::vector<Asked> asked() const {
    std::lock_guard lock(mutex_);
    return asked_;
  }
  Asked last() const { return asked().empty() ? Asked{} : asked().back(); }
  void let_go() {
    {
      std::lock_guard lock(mutex_);
      is_let_go_ = true;
    }
    changed_.notify_all();
  }

 private:
  void accept_all() {
    for (;;) {
      int fd = ::accept(listener_.get(), nullptr, nullptr);
      if (fd < 0) return;
      std::lock_guard lock(mutex_);
      if (is_stopping_) {
        ::close(fd);
        return;
      }
      open_.insert(fd);
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    std::string pending;
    for (;;) {
      Asked asked;
      if (!read(fd, pending, asked)) break;
      {
        std::lock_guard lock(mutex_);
        asked_.push_back(asked);
      }
      Wire wire(*this, fd);
      handler_(asked, wire);
    }
    std::lock_guard lock(mutex_);
    open_.erase(fd);
    ::close(fd);
  }

  static bool read(int fd, std::string& pending, Asked& asked) {
    char buffer[1 << 16];
    for (;;) {
      auto end = pending.find("\r\n\r\n");
      if (end != std::string::npos) {
        auto at = pending.find("Content-Length: ");
        std::size_t body = at < end ? std::stoul(pending.substr(at + 16)) : 0;
        if (pending.size() >= end + 4 + body) {
          asked.head = pending.substr(0, end + 2);
          asked.body = pending.substr(end + 4, body);
          auto space = asked.head.find(' ');
          asked.method = asked.head.substr(0, space);
          asked.target = asked.head.substr(space + 1, asked.head.find(' ', space + 1) - space - 1);
          pending.erase(0, end + 4 + body);
          return true;
        }
      }
      ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
      if (n <= 0) return false;
      pending.append(buffer, static_cast<std::size_t>(n));
    }
  }

  Handler handler_;
  os::UniqueFd listener_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  bool is_let_go_ = false;
  std::set<int> open_;
  std::vector<Asked> asked_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

// What an API server says when it refuses.
inline std::string status_object(int code, std::string_view message) {
  return fmt::format(
      R"({{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{}","code":{}}})",
      message, code);
}

inline std::string event(std::string_view type, std::string_view name, int version) {
  return fmt::format(
      R"({{"type":"{}","object":{{"kind":"Pod","metadata":{{"name":"{}","resourceVersion":"{}"}}}}}})"
      "\n",
      type, name, version);
}

// Polled, for at most 10 s.
inline bool eventually(const std::function<bool()>& is_so) {
  for (int i = 0; i < 2000; ++i) {
    if (is_so()) return true;
    ::usleep(5'000);
  }
  return is_so();
}

}  // namespace tidegate::kube
