// Writes reply heads. Not for other folders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/server.h"

namespace tidegate::http {

// What the connection decides about a reply.
struct ReplyFraming {
  int minor_version = 1;  // the request's
  bool keep_alive = true;
  bool has_body = true;  // false: 204, 304: neither length nor body
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  std::string_view date;
};

bool status_has_body(int status);

void append_reply_head(std::string& out, const Reply& reply, const ReplyFraming& framing);
void append_reply_head(std::string& out, const ResponseHead& head,
                       std::string_view extra_header_lines, const ReplyFraming& framing);

}  // namespace tidegate::http
