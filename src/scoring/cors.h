#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "http/head.h"

namespace tidegate::scoring {

// Which pages of other origins browsers let call the service (AML_CORS_ORIGINS), with the rules of
// flask-cors, which the platform's server hands the question to: GET and POST, any header, no
// credentials. Immutable.
class Cors {
 public:
  // `origins`: "*", an origin, or a regular expression (whatever has one of * \ ] ? $ ^ [ ( ) in
  // it) that the beginning of an origin must match; upper and lower case are the same. invalid for
  // an expression that is none.
  static Result<Cors> make(std::span<const std::string> origins);
  Cors() = default;  // nothing is added

  using Headers = std::vector<std::pair<std::string, std::string>>;
  // Adds to a reply what its request asks for. A reply that has an answer of its own
  // (Access-Control-Allow-Origin) stays as it is.
  void add_headers(const http::RequestHead& request, Headers& reply) const;

 private:
  struct Rules;
  std::optional<std::string> allowed(const std::optional<std::string>& origin) const;

  std::shared_ptr<const Rules> rules_;  // null: off
};

}  // namespace tidegate::scoring
