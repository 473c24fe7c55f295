#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace tidegate {

// A key or token. Prints as ***; reveal() is the only way to the value, so that grep finds every
// use.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

// Same length of work wherever the first difference is.
inline bool constant_time_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

}  // namespace tidegate

template <>
struct fmt::formatter<tidegate::Secret> : fmt::formatter<std::string_view> {
  auto format(const tidegate::Secret&, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format("***", context);
  }
};
