// Errors as values. We never throw on purpose; a library's exception is caught in the folder that
// owns the library.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate {

// A new code only if some caller would act differently on it.
enum class Code {
  invalid,          // the input is wrong and will stay wrong
  unauthenticated,  // no or wrong key or token
  forbidden,
  not_found,
  conflict,     // taken name, or another operation is running
  exhausted,    // a limit was reached (size, count, queue)
  unavailable,  // try again later
  timed_out,
  cancelled,
  internal,
};

std::string_view code_name(Code code);  // "invalid", "not_found", ...
Code code_from_http(int status);        // for clients of our REST API
int http_status(Code code);             // the one table Code -> status
int exit_code(Code code);  // the one table Code -> process exit code: 1, but 130 for cancelled

// message: what happened, to which object, and what a person can do about it.
struct [[nodiscard]] Error {
  Code code;
  std::string message;
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}
// Same error with the place put before its message: "<where>: <message>".
std::unexpected<Error> fail_at(std::string_view where, const Error& error);
// "<what>: <strerror(errno)>", as Code::internal (not_found for ENOENT, exhausted for ENOSPC).
std::unexpected<Error> fail_errno(std::string_view what);
std::unexpected<Error> fail_errno(std::string_view what, int error_number);

}  // namespace tidegate

#define TIDEGATE_CONCAT_INNER(a, b) a##b
#define TIDEGATE_CONCAT(a, b) TIDEGATE_CONCAT_INNER(a, b)

// TIDEGATE_TRY(auto x, may_fail());  hands the error up, else defines x.
#define TIDEGATE_TRY(declaration, expression) \
  TIDEGATE_TRY_INNER(TIDEGATE_CONCAT(try_result_, __LINE__), declaration, expression)
#define TIDEGATE_TRY_INNER(result, declaration, expression)                   \
  auto result = (expression);                                                 \
  if (!result.has_value()) return std::unexpected(std::move(result.error())); \
  declaration = std::move(*result)

// TIDEGATE_TRY_VOID(may_fail());  for Result<void>.
#define TIDEGATE_TRY_VOID(expression)                                                   \
  do {                                                                                  \
    auto try_result = (expression);                                                     \
    if (!try_result.has_value()) return std::unexpected(std::move(try_result.error())); \
  } while (false)
