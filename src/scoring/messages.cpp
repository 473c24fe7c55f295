#include "scoring/messages.h"

#include "base/json.h"

namespace tidegate::scoring {

std::string message_body(std::string_view message) {
  return R"({"message": )" +
         Json(message).dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + "}";
}

}  // namespace tidegate::scoring
