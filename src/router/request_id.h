#pragma once

#include <string>

#include "base/random.h"
#include "http/head.h"

namespace tidegate::router {

// The client's x-request-id if it is at most 100 printable ASCII characters, else a new UUID.
std::string choose_request_id(const http::RequestHead& head, Random& random);

}  // namespace tidegate::router
