#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "http/head.h"

namespace tidegate::scoring {

// The ids that come with a request and go back with its reply.
struct RequestIds {
  std::string request_id;         // x-request-id; never empty unless it was too long
  std::string client_request_id;  // x-ms-client-request-id; empty: not echoed
  std::string legacy_id;          // x-ms-request-id
  std::optional<std::string> trace_id;
  bool legacy_header_used = false;  // the caller sent x-ms-request-id, which is deprecated
};

// The rules of the platform's server. `complaint` is empty or the message of a 431.
struct IdsFound {
  RequestIds ids;
  std::string_view complaint;
};
// `made`: the request id of a request that came with none; empty: a new one.
IdsFound find_ids(const http::RequestHead& head, Random& random, std::string_view made = {});

}  // namespace tidegate::scoring
