#include "base/ids.h"

#include <set>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "support/sim.h"

namespace tidegate {
namespace {

TEST(Ids, UuidHasVersionAndVariant) {
  test::SimRandom random(1);
  for (int i = 0; i < 100; ++i) {
    std::string id = random_uuid4(random);
    ASSERT_EQ(id.size(), 36U);
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    for (std::size_t at : {8U, 13U, 18U, 23U}) EXPECT_EQ(id[at], '-');
  }
}

TEST(Ids, KeysAreLongDistinctAndSafeInAHeader) {
  test::SimRandom random(2);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string key = random_key(random);
    EXPECT_EQ(key.size(), 43U);
    EXPECT_EQ(
        key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        std::string::npos);
    seen.insert(key);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(Ids, HexIsLowerCase) {
  EXPECT_EQ(hex(std::string("\x00\xAB\xff", 3)), "00abff");
}

TEST(Clock, IsoTimeHasMicroseconds) {
  EXPECT_EQ(format_iso(WallTime(std::chrono::microseconds(1'700'000'000'000'042))),
            "2023-11-14T22:13:20.000042Z");
}

}  // namespace
}  // namespace tidegate
