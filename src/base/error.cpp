#include "base/error.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace tidegate {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::invalid:
      return "invalid";
    case Code::unauthenticated:
      return "unauthenticated";
    case Code::forbidden:
      return "forbidden";
    case Code::not_found:
      return "not_found";
    case Code::conflict:
      return "conflict";
    case Code::exhausted:
      return "exhausted";
    case Code::unavailable:
      return "unavailable";
    case Code::timed_out:
      return "timed_out";
    case Code::cancelled:
      return "cancelled";
    case Code::internal:
      return "internal";
  }
  return "internal";
}

int http_status(Code code) {
  switch (code) {
    case Code::invalid:
      return 400;
    case Code::unauthenticated:
      return 401;
    case Code::forbidden:
      return 403;
    case Code::not_found:
      return 404;
    case Code::conflict:
      return 409;
    case Code::exhausted:
      return 413;
    case Code::unavailable:
      return 503;
    case Code::timed_out:
      return 504;
    case Code::cancelled:
      return 499;
    case Code::internal:
      return 500;
  }
  return 500;
}

Code code_from_http(int status) {
  for (Code code :
       {Code::invalid, Code::unauthenticated, Code::forbidden, Code::not_found, Code::conflict,
        Code::exhausted, Code::unavailable, Code::timed_out, Code::cancelled}) {
    if (http_status(code) == status) return code;
  }
  return status >= 400 && status < 500 ? Code::invalid : Code::internal;
}

int exit_code(Code code) {
  return code == Code::cancelled ? 130 : 1;
}

std::unexpected<Error> fail_at(std::string_view where, const Error& error) {
  return fail(error.code, fmt::format("{}: {}", where, error.message));
}

std::unexpected<Error> fail_errno(std::string_view what) {
  return fail_errno(what, errno);
}

std::unexpected<Error> fail_errno(std::string_view what, int error_number) {
  Code code = Code::internal;
  if (error_number == ENOENT) code = Code::not_found;
  if (error_number == ENOSPC || error_number == EDQUOT) code = Code::exhausted;
  if (error_number == EADDRINUSE) code = Code::conflict;
  return fail(code, fmt::format("{}: {}", what, std::strerror(error_number)));
}

}  // namespace tidegate
