#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::oci {

// RFC 4648, section 4, with padding.
std::string base64(std::string_view bytes);
// Padding may be missing; nullopt for any other character.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace tidegate::oci
