#include "router/request_id.h"

#include <algorithm>

#include "base/ids.h"

namespace tidegate::router {

std::string choose_request_id(const http::RequestHead& head, Random& random) {
  constexpr std::size_t kMost = 100;  // the scoring server refuses longer ones
  const std::string_view given = head.find("x-request-id").value_or("");
  const bool usable =
      !given.empty() && given.size() <= kMost &&
      std::all_of(given.begin(), given.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return usable ? std::string(given) : random_uuid4(random);
}

}  // namespace tidegate::router
