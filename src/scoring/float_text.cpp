#include "scoring/float_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace tidegate::scoring {
namespace {

// From here to there Python writes no exponent.
constexpr double kPointMin = 1e-4;
constexpr double kPointEnd = 1e16;

}  // namespace

void append_float(std::string& out, double value) {
  if (std::isnan(value)) {
    out.append("NaN");
    return;
  }
  if (std::isinf(value)) {
    out.append(value < 0 ? "-Infinity" : "Infinity");
    return;
  }
  const double size = std::abs(value);
  const bool has_exponent = size != 0 && (size < kPointMin || size >= kPointEnd);
  char text[32];  // 17 digits, at most 4 zeros before them, sign, point, exponent
  char* const end =
      std::to_chars(text, text + sizeof text, value,
                    has_exponent ? std::chars_format::scientific : std::chars_format::fixed)
          .ptr;
  out.append(text, end);
  if (!has_exponent && std::find(text, end, '.') == end) out.append(".0");
}

}  // namespace tidegate::scoring
