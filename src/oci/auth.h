// Inside of oci: proves to a registry who we are, as it asks for it.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
#include "fetch/client.h"

namespace tidegate::oci {

// One WWW-Authenticate header: 'Bearer realm="https://…",service="…",scope="…"'.
struct Challenge {
  std::string scheme;  // lower case
  std::map<std::string, std::string> parameters;
};
std::optional<Challenge> parse_challenge(std::string_view header);

// Thread-safe. A scope is what a token is good for: "repository:team/app:pull,push".
class Auth {
 public:
  using Send = std::function<Result<fetch::Response>(fetch::Request)>;
  // origin: "https://host:port"; send: for the token server.
  Auth(std::string origin, std::string user, Secret password, Send send);

  // The value for the Authorization header, as far as one is known before the registry asks.
  std::optional<std::string> header_for(const std::string& scope);
  // After a 401: false when there is nothing (else) to try. `used`: the header that was refused.
  Result<bool> answer(const fetch::Response& refusal, const std::string& scope,
                      const std::optional<std::string>& used);

 private:
  std::string basic() const;
  Result<std::string> fetch_token(const Challenge& challenge, const std::string& scope);

  const std::string origin_;
  const std::string user_;
  const Secret password_;
  const Send send_;
  std::mutex mutex_;
  bool is_basic_ = false;                      // guarded by mutex_
  std::map<std::string, std::string> tokens_;  // by scope; guarded by mutex_
};

}  // namespace tidegate::oci
