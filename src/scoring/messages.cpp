#include "scoring/messages.h"

#include <fmt/format.h>

#include "base/json.h"

namespace tidegate::scoring {

std::string message_body(std::string_view message) {
  return R"({"message": )" +
         Json(message).dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + "}";
}

std::string timeout_body(Milliseconds limit) {
  return message_body(fmt::format("Scoring timeout after {} ms", limit.count()));
}

}  // namespace tidegate::scoring
