#include "client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/head.h"

namespace tidegate::scoring {
namespace {

os::UniqueFd connect_unix(const std::string& path) {
  os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un where{.sun_family = AF_UNIX};
  std::strncpy(where.sun_path, path.c_str(), sizeof where.sun_path - 1);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
  return fd;
}

os::UniqueFd connect_tcp(std::uint16_t port) {
  os::UniqueFd fd(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in where{.sin_family = AF_INET, .sin_port = htons(port)};
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
  return fd;
}

}  // namespace

Client::Client(const http::Address& address)
    : fd_(address.kind == http::Address::Kind::tcp ? connect_tcp(address.port)
                                                   : connect_unix(address.path)) {}

void Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

Client::Answer Client::receive(bool has_body) {
  Answer answer;
  for (;;) {
    const auto end = received_.find("\r\n\r\n");
    if (end != std::string::npos) {
      answer.head = received_.substr(0, end + 2);
      const std::string length = answer.header("content-length");
      const std::size_t size = has_body && length != "(none)" ? std::stoul(length) : 0;
      if (received_.size() >= end + 4 + size) {
        answer.status = std::stoi(answer.head.substr(9, 3));
        answer.body = received_.substr(end + 4, size);
        received_.erase(0, end + 4 + size);
        return answer;
      }
    }
    char buffer[1 << 14];
    const ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return {};
    received_.append(buffer, static_cast<std::size_t>(n));
  }
}

std::string Client::Answer::header(std::string_view name) const {
  std::size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    const std::string line = head.substr(at, end - at);
    const std::size_t colon = line.find(": ");
    if (http::equal_names(line.substr(0, colon), name)) return line.substr(colon + 2);
    at = end + 2;
  }
  return "(none)";
}

Client::Answer Client::call(std::string_view method, std::string_view target,
                            std::string_view header_lines) {
  send(fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n{}\r\n", method, target, header_lines));
  return receive(method != "HEAD");
}

Client::Answer Client::get(std::string_view target, std::string_view header_lines) {
  return call("GET", target, header_lines);
}

std::string post_text(std::string_view body, std::string_view header_lines) {
  return fmt::format("POST /score HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n{}\r\n{}",
                     body.size(), header_lines, body);
}

Client::Answer Client::post(std::string_view target, std::string_view body,
                            std::string_view header_lines) {
  send(fmt::format("POST {} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n{}\r\n{}", target,
                   body.size(), header_lines, body));
  return receive();
}

}  // namespace tidegate::scoring
