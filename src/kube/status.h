// What an API server's refusal means: pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/json.h"

namespace tidegate::kube {

// The body is a Status object of the API server, and not some program's behind or before it.
std::optional<Json> as_status(std::string_view body);
// Of an HTTP status, and of `code` of a Status object.
Code code_of(int status);
// `what` is "GET https://server/path": said when the server gave no sentence of its own. Never with
// the query, which may be long.
Error error_of(int status, std::string_view body, std::string_view what);
// Of a Status object inside a watch.
Error error_of(const Json& status);

}  // namespace tidegate::kube
