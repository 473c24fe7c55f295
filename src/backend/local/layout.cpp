#include "backend/local/layout.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace tidegate::backend::local {

Result<> check_id(std::string_view id, std::string_view what) {
  bool plain =
      !id.empty() && id.size() <= 128 && id.front() != '.' &&
      std::all_of(id.begin(), id.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
      });
  if (plain) return {};
  return fail(Code::invalid, fmt::format("\"{}\" cannot be the id of a {}", id, what));
}

}  // namespace tidegate::backend::local
