#include "os/base64.h"

#include <gtest/gtest.h>

namespace tidegate::os {
namespace {

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text :
       {"A", "QQ=", "QQ", "Q===", "====", "Q=Q=", "QQ==QQ==", "Q-_Q", "Q\xff==", "QUJD!"}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
  EXPECT_EQ(from_base64(std::string_view("QQ=\0", 4)), std::nullopt);
}

TEST(Base64, GoesBothWays) {
  // RFC 4648, 10.
  for (const auto& [bytes, text] :
       {std::pair{"", ""}, std::pair{"f", "Zg=="}, std::pair{"fo", "Zm8="},
        std::pair{"foo", "Zm9v"}, std::pair{"foob", "Zm9vYg=="}, std::pair{"fooba", "Zm9vYmE="},
        std::pair{"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(from_base64(base64(all)), all);
}

TEST(Base64, LinesMayBeBroken) {
  EXPECT_EQ(from_base64(" Zm9v\r\nYmFy\n"), "foobar");
}

}  // namespace
}  // namespace tidegate::os
