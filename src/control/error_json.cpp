#include "control/error_json.h"

#include <fmt/format.h>

namespace tidegate::control {

Json to_json(const ErrorBody& body) {
  Json details = Json::array();
  for (const ErrorDetail& detail : body.details) {
    Json one{{"code", detail.code}, {"message", detail.message}};
    if (!detail.target.empty()) one["target"] = detail.target;
    details.push_back(std::move(one));
  }
  return Json{{"code", body.code},
              {"statusCode", body.status},
              {"message", body.message},
              {"details", std::move(details)}};
}

std::string_view wire_code(Code code) {
  switch (code) {
    case Code::invalid:
      return "BadRequest";
    case Code::unauthenticated:
      return "Unauthorized";
    case Code::forbidden:
      return "Forbidden";
    case Code::not_found:
      return "NotFound";
    case Code::conflict:
      return "Conflict";
    case Code::exhausted:
      return "RequestEntityTooLarge";
    case Code::unavailable:
      return "ServiceUnavailable";
    case Code::timed_out:
      return "Timeout";
    case Code::cancelled:
      return "Cancelled";
    case Code::internal:
      return "InternalServerError";
  }
  return "InternalServerError";
}

ErrorBody error_body(const Error& error) {
  return {std::string(wire_code(error.code)), http_status(error.code), error.message, {}};
}

ErrorBody error_body(const domain::Complaints& complaints) {
  ErrorBody body{"BadRequest", 400, "", {}};
  for (const domain::Complaint& problem : complaints.problems()) {
    if (!body.message.empty()) body.message += '\n';
    body.message += domain::line_of(problem);
    body.details.push_back({"InvalidValue", problem.what, problem.where});
  }
  return body;
}

}  // namespace tidegate::control
