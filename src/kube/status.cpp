#include "kube/status.h"

#include <fmt/format.h>

namespace tidegate::kube {
namespace {

constexpr std::size_t kExcerptMax = 200;

}  // namespace

std::optional<Json> as_status(std::string_view body) {
  if (!body.starts_with('{')) return std::nullopt;
  auto json = parse_json(body, "answer");
  if (!json || text_or(*json, "kind", "") != "Status") return std::nullopt;
  return std::move(*json);
}

Code code_of(int status) {
  switch (status) {
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::forbidden;
    case 404:
      return Code::not_found;
    case 409:
    case 410:  // a resource version that is no longer known
      return Code::conflict;
    case 408:
    case 429:
      return Code::unavailable;
    default:
      return status >= 400 && status < 500 ? Code::invalid : Code::unavailable;
  }
}

Error error_of(int status, std::string_view body, std::string_view what) {
  Code code = code_of(status);
  auto object = as_status(body);
  std::string sentence = object ? text_or(*object, "message", "") : std::string();
  if (sentence.empty()) {
    sentence = fmt::format("{} was answered with status {}", what, status);
    if (!body.empty() && !object) {
      sentence += fmt::format(": {}", body.substr(0, kExcerptMax));
    }
    return {code, std::move(sentence)};
  }
  // These sentences do not say who was asked.
  if (code == Code::unauthenticated || code == Code::unavailable) {
    sentence = fmt::format("{}: {}", what, sentence);
  }
  return {code, std::move(sentence)};
}

Error error_of(const Json& status) {
  const Json* number = find_member(status, "code");
  int code = number != nullptr && number->is_number_integer() ? number->get<int>() : 500;
  return {code_of(code), text_or(status, "message", fmt::format("status {}", code))};
}

}  // namespace tidegate::kube
