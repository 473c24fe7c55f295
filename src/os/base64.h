#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::os {

// RFC 4648, the ordinary alphabet, with padding, on one line.
std::string base64(std::string_view bytes);
// White space between the digits is allowed, everything else is not: nullopt.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace tidegate::os
