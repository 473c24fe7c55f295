// What the balancer answers itself, in the form that Front gives the same replies.
#pragma once

#include <string_view>

#include "base/error.h"
#include "http/server.h"

namespace tidegate::scoring {

inline constexpr std::string_view kNoWorker =
    "No worker process is there: the last one has ended, and another is on its way";

http::Reply healthy_reply();
// {"message": ...}, x-ms-run-function-failed: False.
http::Reply message_reply(int status, std::string_view message);
// 503 and x-tidegate-not-started: whoever asked may go elsewhere.
http::Reply refusal_reply(std::string_view message);
http::Reply stranger_reply();
http::Reply body_error_reply(const Error& error);
// 502, x-ms-run-function-failed: True.
http::Reply lost_reply(std::string_view message);

}  // namespace tidegate::scoring
