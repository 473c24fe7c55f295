#include "image/interpreter.h"

#include <charconv>
#include <cstdlib>
#include <tuple>

#include <fmt/format.h>

namespace tidegate::image {
namespace {

// Smaller is better; equal means that the earlier one stays.
auto rank(std::optional<PythonVersion> asked, const PythonVersion& candidate) {
  if (!asked) return std::tuple(0, 0, 0, 0);
  bool exact = *asked == candidate;
  int distance = std::abs(candidate.minor - asked->minor);
  return std::tuple(exact ? 0 : 1, distance, -candidate.minor, -candidate.patch);
}

}  // namespace

std::optional<PythonVersion> PythonVersion::parse(std::string_view text) {
  PythonVersion version;
  int* parts[] = {&version.major, &version.minor, &version.patch};
  const char* at = text.data();
  const char* end = text.data() + text.size();
  for (int i = 0; i < 3; ++i) {
    auto [next, error] = std::from_chars(at, end, *parts[i]);
    if (error != std::errc{}) {
      if (i < 2) return std::nullopt;
      version.patch = -1;
      break;
    }
    at = next;
    if (at == end || *at != '.') return i >= 1 ? std::optional(version) : std::nullopt;
    ++at;
  }
  return version;
}

std::string PythonVersion::text() const {
  return patch < 0 ? fmt::format("{}.{}", major, minor)
                   : fmt::format("{}.{}.{}", major, minor, patch);
}

std::optional<std::size_t> choose_interpreter(std::optional<PythonVersion> asked,
                                              std::span<const Candidate> candidates) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const PythonVersion& version = candidates[i].version;
    if (version.major != kOldestPython.major || version.minor < kOldestPython.minor) continue;
    if (!best || rank(asked, version) < rank(asked, candidates[*best].version)) best = i;
  }
  return best;
}

}  // namespace tidegate::image
