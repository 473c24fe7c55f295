// The bodies that the server writes itself: byte for byte what Python's json.dumps gives, so that
// old clients and tests that compare text go on working.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace tidegate::scoring {

std::string message_body(std::string_view message);  // {"message": "..."}
std::string timeout_body(Milliseconds limit);        // of the 500 for a run() over its time

inline constexpr std::string_view kNotFound =
    "The requested URL was not found on the server. If you entered the URL manually please check "
    "your "
    "spelling and try again.";
inline constexpr std::string_view kMethodNotAllowed =
    "The method is not allowed for the requested URL.";
inline constexpr std::string_view kScoreMethodNotAllowed = "Method not allowed";
inline constexpr std::string_view kRequestIdTooLong = "x-request-id must not exceed 100 characters";
inline constexpr std::string_view kClientIdTooLong =
    "x-ms-request-id and x-ms-client-request-id must not exceed 100 characters";
inline constexpr std::string_view kInternal =
    "An unexpected internal error occurred. Check the logs for more info.";
inline constexpr std::string_view kStarting = "init() has not returned yet";
inline constexpr std::string_view kStopping = "The server is stopping";
inline constexpr std::string_view kStranger =
    "This replica answers its routers only: x-tidegate-replica-secret is missing or is not the one "
    "of its service. Call the service through its scoring URI.";

}  // namespace tidegate::scoring
