#include "os/sha256.h"

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace tidegate::os {
namespace {

// FIPS 180-2, appendix B.1.
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, KnownAnswer) {
  EXPECT_EQ(sha256_hex("abc"), kAbc);
  EXPECT_EQ(sha256("abc").size(), 32U);
}

TEST(Sha256, OnlyWhatCanBeOneIsTakenForOne) {
  std::string hash = sha256_hex("abc");
  EXPECT_TRUE(is_sha256_hex(hash));
  EXPECT_FALSE(is_sha256_hex(hash.substr(1)));
  EXPECT_FALSE(is_sha256_hex(hash + "0"));
  EXPECT_FALSE(is_sha256_hex("../" + hash.substr(3)));
  EXPECT_FALSE(is_sha256_hex("BA" + hash.substr(2)));
}

TEST(Sha256, InPiecesAndOfAFileIsTheSame) {
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  EXPECT_EQ(hash.hex_digest(), kAbc);
  test::TempDir folder;
  ASSERT_TRUE(write_file_atomic(folder / "abc", "abc").has_value());
  EXPECT_EQ(*sha256_hex_of_file(folder / "abc"), kAbc);
  EXPECT_FALSE(sha256_hex_of_file(folder / "missing").has_value());
}

}  // namespace
}  // namespace tidegate::os
