#include <algorithm>

#include <fmt/format.h>

#include "oci/names.h"
#include "oci/registry.h"

namespace tidegate::oci {
namespace {

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// Letters and digits with single '.', one or two '_', or any number of '-' between them.
bool is_repository_part(std::string_view part) {
  if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back()))
    return false;
  for (std::size_t i = 0; i < part.size();) {
    std::size_t end = i;
    while (end < part.size() && !is_lower_or_digit(part[end])) ++end;
    std::string_view between = part.substr(i, end - i);
    bool is_dashes = between.find_first_not_of('-') == std::string_view::npos;
    if (!is_dashes && between != "." && between != "_" && between != "__") return false;
    i = end + 1;
  }
  return true;
}

// As docker tells a registry from a folder of its own: by a dot, a port, or this one name.
bool is_registry(std::string_view text) {
  bool is_clean = !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
  });
  return is_clean && (text == "localhost" || text.find_first_of(".:") != std::string_view::npos);
}

}  // namespace

bool is_repository(std::string_view text) {
  if (text.size() > 255) return false;
  for (;;) {
    auto slash = text.find('/');
    if (!is_repository_part(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > 128 || text[0] == '.' || text[0] == '-') return false;
  return std::ranges::all_of(
      text, [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_digest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  return text.size() == kPrefix.size() + 64 && text.starts_with(kPrefix) &&
         text.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

std::string Reference::text() const {
  std::string out = fmt::format("{}/{}", registry, repository);
  if (!tag.empty()) out += ":" + tag;
  if (!digest.empty()) out += "@" + digest;
  return out;
}

Result<Reference> parse_reference(std::string_view text) {
  auto refuse = [&](std::string_view why) {
    return fail(Code::invalid,
                fmt::format("\"{}\" is no image reference: {}; it looks like "
                            "registry.example.com:5000/team/image:tag or ...@sha256:<64 digits>",
                            text, why));
  };
  Reference reference;
  std::string_view rest = text;
  if (auto at = rest.find('@'); at != std::string_view::npos) {
    reference.digest = rest.substr(at + 1);
    if (!is_digest(reference.digest)) return refuse("what follows @ is no sha256 digest");
    rest = rest.substr(0, at);
  }
  auto slash = rest.find('/');
  if (slash == std::string_view::npos || !is_registry(rest.substr(0, slash)))
    return refuse("it does not begin with the host of a registry");
  reference.registry = rest.substr(0, slash);
  rest.remove_prefix(slash + 1);
  if (auto colon = rest.find(':'); colon != std::string_view::npos) {
    reference.tag = rest.substr(colon + 1);
    if (!is_tag(reference.tag)) return refuse("what follows the last colon is no tag");
    rest = rest.substr(0, colon);
  }
  reference.repository = rest;
  if (!is_repository(rest)) {
    return refuse(
        fmt::format("\"{}\" is no name of a repository (lower-case letters, digits, "
                    "and . _ - between them)",
                    rest));
  }
  return reference;
}

}  // namespace tidegate::oci
