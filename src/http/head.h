#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::http {

struct HeaderView {
  std::string_view name;  // as it was sent; compare with equal_names()
  std::string_view value;
};

bool equal_names(std::string_view a, std::string_view b);  // ASCII, without case

// Case-insensitive, the first of that name.
std::optional<std::string_view> find_header(const std::vector<HeaderView>& headers,
                                            std::string_view name);

// Views into a connection's buffer: valid until the exchange on that connection is over.
struct RequestHead {
  std::string_view method;
  std::string_view target;  // as sent: path and query
  int minor_version = 1;    // HTTP/1.<this>
  std::vector<HeaderView> headers;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;

  std::string_view path() const;   // target without the query
  std::string_view query() const;  // without the '?', empty if none
  std::optional<std::string_view> find(std::string_view name) const {
    return find_header(headers, name);
  }
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  std::vector<HeaderView> headers;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  std::optional<std::string_view> find(std::string_view name) const {
    return find_header(headers, name);
  }
};

// Connection, Keep-Alive, Proxy-*, TE, Trailer, Transfer-Encoding, Upgrade: never forwarded
// (RFC 9110 section 7.6.1). Content-Length is not among them, but whoever writes a message frames
// it.
bool is_hop_by_hop(std::string_view name);
// The same, or named by `connection`, the message's own Connection header.
bool is_hop_by_hop(std::string_view name, std::string_view connection);

std::string_view reason_phrase(int status);  // "OK", "Not Found"; "Unknown" if not registered
std::string percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);  // keeps unreserved characters and '/'
// "a=1&b=x%20y" -> decoded pairs in order.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

}  // namespace tidegate::http
