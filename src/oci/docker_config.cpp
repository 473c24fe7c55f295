#include "oci/docker_config.h"

#include <fmt/format.h>

#include "base/json.h"
#include "oci/registry.h"
#include "os/base64.h"

namespace tidegate::oci {
namespace {

// "https://host:5000/v1/" -> "host:5000": older tools wrote keys like that.
std::string_view registry_of(std::string_view key) {
  if (auto scheme = key.find("://"); scheme != std::string_view::npos)
    key.remove_prefix(scheme + 3);
  while (key.ends_with('/')) key.remove_suffix(1);
  for (std::string_view version : {"/v1", "/v2"}) {
    if (key.ends_with(version)) key.remove_suffix(version.size());
  }
  return key;
}

Result<Login> login_of(const Json& entry, std::string_view key, std::string_view what) {
  if (!text_or(entry, "identitytoken", "").empty()) {
    return fail(Code::invalid, fmt::format("{}: the login for {} is an identity token, which "
                                           "cannot be used here; write a user and a password",
                                           what, key));
  }
  Login login{text_or(entry, "username", ""), Secret(text_or(entry, "password", ""))};
  if (!login.user.empty()) return login;
  auto pair = os::from_base64(text_or(entry, "auth", ""));
  auto colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos || colon == 0) {
    return fail(Code::invalid,
                fmt::format("{}: the login for {} has neither username and password nor auth, the "
                            "base64 of user:password; a credential helper cannot be used here",
                            what, key));
  }
  return Login{pair->substr(0, colon), Secret(pair->substr(colon + 1))};
}

}  // namespace

Result<std::optional<Login>> login_for(std::string_view address, std::string_view config,
                                       std::string_view what) {
  auto json = parse_json(config, what);
  // The parser's reason may quote what it met, which here may be a password.
  if (!json) return fail(Code::invalid, fmt::format("{} is no JSON", what));
  const Json* logins = find_member(*json, "auths");
  if (logins == nullptr || !logins->is_object()) {
    return fail(Code::invalid,
                fmt::format("{} has no member \"auths\"; it must be a docker config.json", what));
  }
  std::string_view host = host_of(address);
  for (std::string_view wanted : {address, host}) {
    for (const auto& [key, entry] : logins->items()) {
      if (registry_of(key) != wanted) continue;
      TIDEGATE_TRY(Login login, login_of(entry, key, what));
      return login;
    }
  }
  return std::nullopt;
}

}  // namespace tidegate::oci
