#include "http/reply_head.h"

#include <algorithm>
#include <charconv>

namespace tidegate::http {

namespace {

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_status_line(std::string& out, int status, std::string_view reason) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(status));
  out.append(" ").append(reason).append("\r\n");
}

void append_framing(std::string& out, const ReplyFraming& framing, bool with_date) {
  if (with_date) append_line(out, "Date", framing.date);
  if (framing.chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (framing.has_body && framing.content_length) {
    out.append("Content-Length: ");
    append_number(out, *framing.content_length);
    out.append("\r\n");
  }
  if (!framing.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (framing.minor_version == 0) {
    out.append("Connection: keep-alive\r\n");
  }
}

bool is_framing_name(std::string_view name) {
  return equal_names(name, "Content-Length") || is_hop_by_hop(name);
}

// A CR or LF here would let a handler's data write header lines, or a second reply.
bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// Whether a Connection header names this one, which makes it hop-by-hop, too.
bool is_named_by(std::string_view connection, std::string_view name) {
  while (!connection.empty()) {
    const std::size_t comma = connection.find(',');
    std::string_view option = connection.substr(0, comma);
    connection = comma == std::string_view::npos ? "" : connection.substr(comma + 1);
    const std::size_t begin = option.find_first_not_of(" \t");
    if (begin == std::string_view::npos) continue;
    option = option.substr(begin, option.find_last_not_of(" \t") + 1 - begin);
    if (equal_names(option, name)) return true;
  }
  return false;
}

}  // namespace

bool status_has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

void append_reply_head(std::string& out, const Reply& reply, const ReplyFraming& framing) {
  append_status_line(out, reply.status, reason_phrase(reply.status));
  for (const auto& [name, value] : reply.headers) {
    if (is_framing_name(name) || equal_names(name, "Date")) continue;
    if (name.empty() || !is_clean(name) || !is_clean(value)) continue;
    append_line(out, name, value);
  }
  append_framing(out, framing, /*with_date=*/true);
  out.append("\r\n");
}

void append_reply_head(std::string& out, const ResponseHead& head,
                       std::string_view extra_header_lines, const ReplyFraming& framing) {
  append_status_line(out, head.status, head.reason);
  const std::string_view connection = head.find("Connection").value_or("");
  bool with_date = true;
  for (const HeaderView& header : head.headers) {
    if (is_framing_name(header.name)) continue;
    if (!connection.empty() && is_named_by(connection, header.name)) continue;
    if (equal_names(header.name, "Date")) with_date = false;
    append_line(out, header.name, header.value);
  }
  out.append(extra_header_lines);
  append_framing(out, framing, with_date);
  out.append("\r\n");
}

}  // namespace tidegate::http
