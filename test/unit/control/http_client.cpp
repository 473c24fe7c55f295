#include "http_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "os/fd.h"
#include "os/unix_path.h"

namespace tidegate::control {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string read_all(int fd) {
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

}  // namespace

Json Answer::json() const {
  auto parsed = parse_json(body, "reply");
  return parsed ? *parsed : Json();
}

std::string Answer::header(std::string_view name) const {
  std::string wanted = "\r\n" + lower(std::string(name)) + ": ";
  auto at = lower(head).find(wanted);
  if (at == std::string::npos) return {};
  at += wanted.size();
  return head.substr(at, head.find("\r\n", at) - at);
}

Answer ask(const os::Path& socket, const std::string& method, const std::string& target,
           const std::string& body, const Headers& headers) {
  auto path = os::UnixPath::open(socket);
  if (!path) return {};
  os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path->usable().copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", method, target);
  if (!body.empty() || method != "GET") {
    text += fmt::format("Content-Length: {}\r\n", body.size());
  }
  for (const auto& [name, value] : headers) text += fmt::format("{}: {}\r\n", name, value);
  text += "\r\n" + body;
  for (std::size_t sent = 0; sent < text.size();) {
    ssize_t n = ::send(fd.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  std::string reply = read_all(fd.get());
  auto end = reply.find("\r\n\r\n");
  if (end == std::string::npos || reply.size() < 12) return {};
  return {std::stoi(reply.substr(9, 3)), reply.substr(0, end + 2), reply.substr(end + 4)};
}

}  // namespace tidegate::control
