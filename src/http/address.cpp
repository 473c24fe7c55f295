#include "http/address.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace tidegate::http {

namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::string_view kTcpPrefix = "tcp:";

struct HostPort {
  std::string host;
  std::uint16_t port;
};

std::optional<HostPort> split_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  std::string_view port_text = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // IPv6 without brackets: where would the port begin?
  }
  if (host.empty()) return std::nullopt;
  std::uint16_t port = 0;
  const char* end = port_text.data() + port_text.size();
  auto [rest, error] = std::from_chars(port_text.data(), end, port);
  if (error != std::errc() || rest != end) return std::nullopt;
  return HostPort{std::string(host), port};
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  Address address;
  if (text.starts_with(kUnixPrefix)) {
    address.kind = Kind::unix_socket;
    address.path = text.substr(kUnixPrefix.size());
    if (address.path.empty()) {
      return fail(Code::invalid, "the address \"unix:\" lacks a path: write unix:/path/to/socket");
    }
    return address;
  }
  if (text.starts_with(kTcpPrefix)) {
    if (auto parts = split_host_port(text.substr(kTcpPrefix.size()))) {
      address.host = std::move(parts->host);
      address.port = parts->port;
      return address;
    }
  }
  return fail(Code::invalid,
              fmt::format("\"{}\" is no address: write unix:/path/to/socket, tcp:127.0.0.1:8080 "
                          "or tcp:[::1]:8080",
                          text));
}

std::string Address::text() const {
  if (kind == Kind::unix_socket) return fmt::format("unix:{}", path);
  if (host.find(':') != std::string::npos) return fmt::format("tcp:[{}]:{}", host, port);
  return fmt::format("tcp:{}:{}", host, port);
}

Result<Address> parse_host_port(std::string_view text, std::string_view flag) {
  auto parts = split_host_port(text);
  if (!parts) {
    return fail(Code::invalid,
                fmt::format("{}: \"{}\" is no ADDR:PORT: write for example 127.0.0.1:8080, "
                            "0.0.0.0:80 or [::1]:8080",
                            flag, text));
  }
  Address address;
  address.host = std::move(parts->host);
  address.port = parts->port;
  return address;
}

}  // namespace tidegate::http
