#include "router/admit.h"

#include <optional>

#include "base/secret.h"
#include "os/sha256.h"

namespace tidegate::router {
namespace {

// "Bearer <key>": the scheme in any case, then spaces.
std::optional<std::string_view> bearer_key(const http::RequestHead& head) {
  constexpr std::string_view kScheme = "Bearer";
  const std::optional<std::string_view> value = head.find("Authorization");
  if (!value || value->size() <= kScheme.size()) return std::nullopt;
  if (!http::equal_names(value->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const std::string_view rest = value->substr(kScheme.size());
  const std::size_t begin = rest.find_first_not_of(' ');
  if (begin == 0 || begin == std::string_view::npos) return std::nullopt;
  return rest.substr(begin);
}

}  // namespace

Stage<Principal> admit(const table::Service& service, const http::RequestHead& head) {
  if (!service.auth_enabled) return Principal::anybody;
  const std::optional<std::string_view> key = bearer_key(head);
  if (!key) return refuse(401, Reason::unauthenticated);
  const std::string hash = os::sha256(*key);
  bool found = false;
  for (const std::string& known : service.key_sha256) {
    found |= constant_time_equal(known, hash);  // no early exit
  }
  if (!found) return refuse(401, Reason::unauthenticated);
  return Principal::key_holder;
}

}  // namespace tidegate::router
