#include "oci/auth.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "os/base64.h"

namespace tidegate::oci {
namespace {

// A token is forgotten only for room: an old one is refused and asked for anew.
constexpr std::size_t kTokensMax = 1000;
constexpr std::uint64_t kTokenBytesMax = 1 << 20;

void skip(std::string_view& text, std::string_view letters) {
  text.remove_prefix(std::min(text.find_first_not_of(letters), text.size()));
}

std::string_view take_token(std::string_view& text) {
  std::string_view token = text.substr(0, text.find_first_of(" \t,="));
  text.remove_prefix(token.size());
  return token;
}

// The rest of a quoted string, whose first quote is read already.
std::string take_quoted(std::string_view& text) {
  std::string value;
  while (!text.empty() && text[0] != '"') {
    if (text[0] == '\\' && text.size() > 1) text.remove_prefix(1);
    value += text[0];
    text.remove_prefix(1);
  }
  if (!text.empty()) text.remove_prefix(1);
  return value;
}

std::vector<Challenge> challenges_of(const fetch::Response& refusal) {
  std::vector<Challenge> challenges;
  for (const auto& [name, value] : refusal.headers) {
    if (lower_case(name) != "www-authenticate") continue;
    if (auto challenge = parse_challenge(value)) challenges.push_back(std::move(*challenge));
  }
  return challenges;
}

const Challenge* find_scheme(const std::vector<Challenge>& challenges, std::string_view scheme) {
  auto it = std::ranges::find(challenges, scheme, &Challenge::scheme);
  return it == challenges.end() ? nullptr : &*it;
}

std::string parameter(const Challenge& challenge, const std::string& name) {
  auto it = challenge.parameters.find(name);
  return it == challenge.parameters.end() ? "" : it->second;
}

}  // namespace

std::optional<Challenge> parse_challenge(std::string_view header) {
  skip(header, " \t");
  Challenge challenge{.scheme = lower_case(take_token(header))};
  if (challenge.scheme.empty()) return std::nullopt;
  for (;;) {
    skip(header, " \t,");
    std::string name = lower_case(take_token(header));
    if (name.empty() || !header.starts_with('=')) return challenge;
    header.remove_prefix(1);
    if (header.starts_with('"')) {
      header.remove_prefix(1);
      challenge.parameters[name] = take_quoted(header);
    } else {
      challenge.parameters[name] = take_token(header);
    }
  }
}

Auth::Auth(std::string origin, std::string user, Secret password, Send send)
    : origin_(std::move(origin)),
      user_(std::move(user)),
      password_(std::move(password)),
      send_(std::move(send)) {}

std::string Auth::basic() const {
  return "Basic " + os::base64(user_ + ":" + password_.reveal());
}

std::optional<std::string> Auth::header_for(const std::string& scope) {
  std::lock_guard hold(mutex_);
  if (is_basic_) return basic();
  auto token = tokens_.find(scope);
  if (token == tokens_.end()) return std::nullopt;
  return "Bearer " + token->second;
}

Result<bool> Auth::answer(const fetch::Response& refusal, const std::string& scope,
                          const std::optional<std::string>& used) {
  auto challenges = challenges_of(refusal);
  if (const Challenge* bearer = find_scheme(challenges, "bearer")) {
    TIDEGATE_TRY(std::string token, fetch_token(*bearer, scope));
    std::lock_guard hold(mutex_);
    if (tokens_.size() >= kTokensMax) tokens_.clear();
    tokens_[scope] = std::move(token);
    return true;
  }
  if (find_scheme(challenges, "basic") == nullptr || user_.empty()) return false;
  std::lock_guard hold(mutex_);
  is_basic_ = true;
  return used != basic();
}

Result<std::string> Auth::fetch_token(const Challenge& challenge, const std::string& scope) {
  std::string realm = parameter(challenge, "realm");
  if (!realm.starts_with("https://") && !realm.starts_with("http://")) {
    return fail(Code::invalid,
                fmt::format("the registry names \"{}\" for tokens, which is no URL", realm));
  }
  // Whoever can write a challenge could otherwise have the password sent in the clear.
  if (!user_.empty() && origin_.starts_with("https://") && realm.starts_with("http://")) {
    return fail(Code::forbidden,
                fmt::format("the registry is reached by https but names {} for tokens; the "
                            "password is not sent there",
                            realm));
  }
  std::string url = realm + (realm.find('?') == std::string::npos ? "?" : "&") +
                    "service=" + fetch::escaped(parameter(challenge, "service"));
  std::string wanted = parameter(challenge, "scope");
  std::istringstream scopes(wanted.empty() ? scope : wanted);
  for (std::string one; scopes >> one;) url += "&scope=" + fetch::escaped(one);

  fetch::Request request{.url = url, .response_max_bytes = kTokenBytesMax};
  if (!user_.empty()) request.headers.emplace_back("Authorization", basic());
  TIDEGATE_TRY(fetch::Response response, send_(std::move(request)));
  if (!response.ok()) {
    bool is_login = response.status == 401 || response.status == 403;
    return fail(is_login                 ? Code::unauthenticated
                : response.status >= 500 ? Code::unavailable
                                         : Code::invalid,
                fmt::format("the token server {} answered {} to {}", realm, response.status,
                            user_.empty() ? "an anonymous call; give a user and a password"
                                          : fmt::format("the user {}", user_)));
  }
  TIDEGATE_TRY(Json json, parse_json(response.body, fmt::format("the answer of {}", realm)));
  std::string token = text_or(json, "token", text_or(json, "access_token", ""));
  if (token.empty() || token.find_first_of("\r\n") != std::string::npos) {
    return fail(Code::invalid, fmt::format("the answer of {} holds no token", realm));
  }
  return token;
}

}  // namespace tidegate::oci
