#include "scoring/cors.h"

#include <algorithm>
#include <regex>

#include <fmt/format.h>

namespace tidegate::scoring {
namespace {

constexpr std::string_view kMethods = "GET, POST";
constexpr std::string_view kOfExpressions = "*\\]?$^[()";
constexpr std::size_t kOriginMaxChars = 512;  // longer ones match nothing: scheme, name and port

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

std::string upper_case(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  }
  return text;
}

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

// All of a repeated header's values, as WSGI joins them. None: not there.
std::optional<std::string> value_of(const http::RequestHead& head, std::string_view name) {
  std::optional<std::string> found;
  for (const http::HeaderView& header : head.headers) {
    if (!http::equal_names(header.name, name)) continue;
    if (found) {
      found->append(",").append(header.value);
    } else {
      found = header.value;
    }
  }
  return found;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::string sorted_names(std::string_view list) {
  std::vector<std::string_view> names;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    names.push_back(trimmed(list.substr(from, comma - from)));
    from = comma + 1;
  }
  std::ranges::sort(names);
  const std::string joined = fmt::format("{}", fmt::join(names, ", "));
  return std::string(trimmed(joined));
}

void add_preflight(const http::RequestHead& request, Cors::Headers& reply) {
  const std::string method =
      upper_case(value_of(request, "Access-Control-Request-Method").value_or(""));
  if (method.empty() || kMethods.find(method) == std::string_view::npos) return;
  const auto names = value_of(request, "Access-Control-Request-Headers");
  if (std::string allowed = sorted_names(names.value_or("")); !allowed.empty()) {
    reply.emplace_back("Access-Control-Allow-Headers", std::move(allowed));
  }
  reply.emplace_back("Access-Control-Allow-Methods", kMethods);
}

}  // namespace

struct Cors::Rules {
  std::vector<std::string> literal;  // sorted
  std::vector<std::regex> expressions;
  bool any = false;
};

Result<Cors> Cors::make(std::span<const std::string> origins) {
  // The matcher without backtracking: what callers send takes linear time and no stack.
  constexpr auto kFlags =
      std::regex::ECMAScript | std::regex::icase | std::regex_constants::__polynomial;
  auto rules = std::make_shared<Rules>();
  for (const std::string& origin : origins) {
    if (origin == "*" || origin == ".*") {
      rules->any = true;
    } else if (origin.find_first_of(kOfExpressions) == std::string::npos) {
      rules->literal.push_back(origin);
    } else {
      try {
        rules->expressions.emplace_back(origin, kFlags);
      } catch (const std::regex_error& error) {
        return std::unexpected(Error{
            Code::invalid, fmt::format("AML_CORS_ORIGINS: \"{}\" is no regular expression ({}); an "
                                       "origin is like https://example.com",
                                       origin, error.what())});
      }
    }
  }
  std::ranges::sort(rules->literal);
  Cors cors;
  if (!origins.empty()) cors.rules_ = std::move(rules);
  return cors;
}

// What a request without an origin is told is of no use to a browser, but caches see it.
std::optional<std::string> Cors::allowed(const std::optional<std::string>& origin) const {
  if (!origin || origin->empty()) {
    if (rules_->any) return "*";
    if (!rules_->literal.empty()) return rules_->literal.front();
    return std::nullopt;
  }
  auto is_same = [&](const std::string& literal) { return same(literal, *origin); };
  auto matches = [&](const std::regex& expression) {
    return origin->size() <= kOriginMaxChars &&
           std::regex_search(*origin, expression, std::regex_constants::match_continuous);
  };
  if (rules_->any || std::ranges::any_of(rules_->literal, is_same) ||
      std::ranges::any_of(rules_->expressions, matches)) {
    return origin;
  }
  return std::nullopt;
}

void Cors::add_headers(const http::RequestHead& request, Headers& reply) const {
  if (!rules_) return;
  for (const auto& [name, value] : reply) {
    if (http::equal_names(name, "Access-Control-Allow-Origin") && !value.empty()) return;
  }
  std::optional<std::string> origin = allowed(value_of(request, "Origin"));
  if (!origin) return;
  const bool depends_on_origin =
      *origin != "*" && (rules_->any || !rules_->expressions.empty() || rules_->literal.size() > 1);
  if (!origin->empty()) reply.emplace_back("Access-Control-Allow-Origin", std::move(*origin));
  if (value_of(request, "Access-Control-Request-Private-Network") == "true") {
    reply.emplace_back("Access-Control-Allow-Private-Network", "false");
  }
  if (request.method == "OPTIONS") add_preflight(request, reply);
  if (depends_on_origin) reply.emplace_back("Vary", "Origin");
}

}  // namespace tidegate::scoring
