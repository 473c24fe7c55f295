#include "fetch/client.h"

#include <gtest/gtest.h>

namespace tidegate::fetch {
namespace {

TEST(Response, HeadersAreFoundWithoutCase) {
  Response response{.headers = {{"ETag", "\"x\""}, {"Operation-Location", "/a"}}};
  EXPECT_EQ(response.header("operation-location"), "/a");
  EXPECT_EQ(response.header("operation"), std::nullopt);
}

TEST(Escaped, LeavesOnlyWhatAPathSegmentMayHold) {
  EXPECT_EQ(escaped("my-model_1.0~"), "my-model_1.0~");
  EXPECT_EQ(escaped("a b/c?d&e=%\xc3\xbc"), "a%20b%2Fc%3Fd%26e%3D%25%C3%BC");
}

}  // namespace
}  // namespace tidegate::fetch
