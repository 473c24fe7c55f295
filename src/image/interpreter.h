// Which Python of the machine serves an environment.
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::image {

struct PythonVersion {
  int major = 0;
  int minor = 0;
  int patch = -1;  // -1: any

  // "3.8" or "3.8.13"; what follows ("rc1") is ignored. nullopt: no version.
  static std::optional<PythonVersion> parse(std::string_view text);
  std::string text() const;
  bool same_minor(const PythonVersion& other) const {
    return major == other.major && minor == other.minor;
  }
  friend auto operator<=>(const PythonVersion&, const PythonVersion&) = default;
};

// The scoring server's extension is built for this Python and all later ones.
inline constexpr PythonVersion kOldestPython{3, 8, -1};

struct Candidate {
  PythonVersion version;
  std::string path;
};

// The index of the best candidate: the very patch, else the newest patch of the same minor, else
// the nearest minor (of two equally near the higher one). nullopt asked: the first one, so list the
// machine's usual interpreter first. Older than kOldestPython is never chosen.
std::optional<std::size_t> choose_interpreter(std::optional<PythonVersion> asked,
                                              std::span<const Candidate> candidates);

}  // namespace tidegate::image
