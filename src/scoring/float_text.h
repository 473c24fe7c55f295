// Floating-point numbers as Python's json module writes them: "0.1", "1e+16", "NaN".
#pragma once

#include <string>

namespace tidegate::scoring {

// The shortest digits that read back as `value`, in the form of CPython's float.__repr__
// (Python/pystrtod.c, format code 'r'): with an exponent of at least two digits below 1e-4 and from
// 1e16 on, else with a point. What JSON has no word for becomes NaN, Infinity and -Infinity.
void append_float(std::string& out, double value);

}  // namespace tidegate::scoring
