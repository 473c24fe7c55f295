#include <gtest/gtest.h>

#include "base/text.h"

namespace tidegate {
namespace {

TEST(LowerCaseTest, ChangesAsciiLettersAlone) {
  EXPECT_EQ(lower_case("Sub/RG-1/W\xC3\x84"), "sub/rg-1/w\xC3\x84");
  EXPECT_EQ(lower_case(""), "");
}

}  // namespace
}  // namespace tidegate
