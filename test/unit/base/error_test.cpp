#include "base/error.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace tidegate {
namespace {

Result<int> half_of(int number) {
  if (number % 2 != 0) return fail(Code::invalid, "odd");
  return number / 2;
}

Result<int> quarter_of(int number) {
  TIDEGATE_TRY(int half, half_of(number));
  TIDEGATE_TRY(int quarter, half_of(half));
  return quarter;
}

Result<> check_even(int number) {
  TIDEGATE_TRY_VOID(half_of(number));
  return {};
}

TEST(Error, TryHandsTheErrorUp) {
  EXPECT_EQ(*quarter_of(8), 2);
  auto failed = quarter_of(6);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, Code::invalid);
  EXPECT_FALSE(check_even(3).has_value());
  EXPECT_TRUE(check_even(4).has_value());
}

TEST(Error, PlaceStandsBeforeTheMessage) {
  auto inner = half_of(3);
  EXPECT_EQ(Result<>(fail_at("config.json", inner.error())).error().message, "config.json: odd");
}

TEST(Error, SystemErrorsKeepWhatCallersActOn) {
  EXPECT_EQ(Result<>(fail_errno("x", ENOENT)).error().code, Code::not_found);
  EXPECT_EQ(Result<>(fail_errno("x", ENOSPC)).error().code, Code::exhausted);
  EXPECT_EQ(Result<>(fail_errno("x", EADDRINUSE)).error().code, Code::conflict);
  EXPECT_EQ(Result<>(fail_errno("x", EIO)).error().code, Code::internal);
}

TEST(Error, HttpStatusComesBackAsTheSameCode) {
  for (Code code :
       {Code::invalid, Code::unauthenticated, Code::forbidden, Code::not_found, Code::conflict,
        Code::exhausted, Code::unavailable, Code::timed_out, Code::internal}) {
    EXPECT_EQ(code_from_http(http_status(code)), code) << code_name(code);
  }
  EXPECT_EQ(code_from_http(418), Code::invalid);
  EXPECT_EQ(code_from_http(599), Code::internal);
}

}  // namespace
}  // namespace tidegate
