#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tidegate::http {

// Where something listens: "unix:/path/to/socket" or "tcp:host:port" ("tcp:[::1]:80" for IPv6).
// Opaque to everybody but http.
struct Address {
  enum class Kind { unix_socket, tcp };
  Kind kind = Kind::tcp;
  std::string host;  // tcp: a numeric address or name
  std::uint16_t port = 0;
  std::string path;  // unix_socket

  static Result<Address> parse(std::string_view text);
  std::string text() const;
  friend bool operator==(const Address&, const Address&) = default;
};

// "ADDR:PORT" as people type it on the command line; the error says what would be right.
Result<Address> parse_host_port(std::string_view text, std::string_view flag);

}  // namespace tidegate::http
