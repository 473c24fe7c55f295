// Arrays of numbers out of a JSON object, without an object for each number.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tidegate::scoring {

// A rectangular array of at least one number, in row-major order.
struct NumberArray {
  using Whole = std::vector<std::int64_t>;  // if no number has a point or an exponent
  using Real = std::vector<double>;
  std::variant<Whole, Real> numbers;
  std::vector<std::size_t> shape;  // at most kDimensionsMax
};

inline constexpr std::size_t kDimensionsMax = 8;

struct TakenArrays {
  std::string rest;  // the object with null in the arrays' places; not otherwise checked
  std::vector<std::pair<std::string, NumberArray>> arrays;
};

// The values of `names` in the object `json` that are arrays of numbers. Nothing: there are none,
// or something about the object is unusual (escapes in its keys, one of the names twice, an array
// that is ragged or empty or holds a number beyond 64 bits), and a whole JSON parser should see it.
// What is malformed within an array is never taken.
std::optional<TakenArrays> take_arrays(std::string_view json, std::span<const std::string> names);

}  // namespace tidegate::scoring
