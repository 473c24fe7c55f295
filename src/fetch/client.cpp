#include "fetch/client.h"

#include <algorithm>
#include <cctype>

namespace tidegate::fetch {

std::optional<std::string> Response::header(std::string_view name) const {
  auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  for (const auto& [key, value] : headers) {
    if (std::ranges::equal(key, name, {}, lower, lower)) return value;
  }
  return std::nullopt;
}

std::string escaped(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += static_cast<char>(c);
    } else {
      out += {'%', kDigits[c >> 4], kDigits[c & 15]};
    }
  }
  return out;
}

}  // namespace tidegate::fetch
