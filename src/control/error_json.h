// Errors as the platform's clients read them (spec deploy.md 6): {code, statusCode, message,
// details}.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "domain/complaints.h"

namespace tidegate::control {

struct ErrorDetail {
  std::string code;
  std::string message;
  std::string target;  // empty: left out
};

struct ErrorBody {
  std::string code;
  int status = 500;
  std::string message;
  std::vector<ErrorDetail> details;
};

Json to_json(const ErrorBody& body);

std::string_view wire_code(Code code);  // "BadRequest", "NotFound", ...
ErrorBody error_body(const Error& error);
// One detail per problem; the message holds all of them.
ErrorBody error_body(const domain::Complaints& complaints);

}  // namespace tidegate::control
