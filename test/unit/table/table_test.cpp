#include "table/table.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "sample_table.h"
#include "table/table_file.h"

namespace tidegate::table {
namespace {

class TableFile : public ::testing::Test {
 protected:
  TableFile() {
    std::string name = ::testing::TempDir() + "table_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~TableFile() override { EXPECT_TRUE(os::remove_tree(folder_).has_value()); }

  os::Path folder_;
};

TEST(Table, DecodingRefusesWhatDoesNotBeginWithTheMagic) {
  for (std::string_view bytes : {"", "T", "TGT", "TGT2abc", "{\"version\":1}"}) {
    EXPECT_EQ(decode(bytes).error().code, Code::invalid) << bytes;
  }
}

// Any prefix and any flipped bit is either an error or some table, never more than that.
TEST(Table, DamagedBytesNeverDoMoreThanFail) {
  const std::string good = encode(sample_table());
  std::size_t refused = 0;
  for (std::size_t size = 0; size < good.size(); ++size) {
    if (!decode(std::string_view(good).substr(0, size))) ++refused;
  }
  EXPECT_GT(refused, good.size() / 2);
  std::size_t accepted = 0;  // a flipped bit in a name is another name
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    Result<Table> table = decode(bad);
    if (!table) continue;
    ++accepted;
    EXPECT_EQ(decode(encode(*table)).value(), *table) << bit;
  }
  EXPECT_LT(accepted, good.size() * 8);
}

TEST(Table, LengthsThatLieAreRefused) {
  EXPECT_FALSE(decode("TGT1\x12\xff\xff\xff\xff\x0f").has_value());
  EXPECT_FALSE(decode("TGT1\x12\x7f").has_value());
}

TEST(Table, AKeyHashMustBeASha256) {
  Table table = sample_table();
  table.services[0].key_sha256[1] = "short";
  Result<Table> read = decode(encode(table));
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message.find("diabetes"), std::string::npos);
}

TEST(Table, ALimitOfZeroIsRefused) {
  Table table = sample_table();
  table.services[0].versions[0].max_concurrent_per_replica = 0;
  EXPECT_FALSE(decode(encode(table)).has_value());
}

TEST(Table, ComesBackAsItWas) {
  EXPECT_EQ(decode(encode(sample_table())), sample_table());
  EXPECT_EQ(decode(encode(Table{})), Table{});
}

TEST_F(TableFile, AMissingFileIsNoTable) {
  EXPECT_EQ(read_table(folder_ / "none").value(), std::nullopt);
}

TEST_F(TableFile, ADamagedFileIsAnErrorThatNamesIt) {
  ASSERT_TRUE(os::write_file_atomic(folder_ / "table", "TGT1\x12\x7f").has_value());
  Result<std::optional<Table>> read = read_table(folder_ / "table");
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message.find((folder_ / "table").string()), std::string::npos);
}

TEST_F(TableFile, ComesBackAsItWasWritten) {
  ASSERT_TRUE(write_table(folder_ / "table", Table{.version = 1, .services = {}}).has_value());
  ASSERT_TRUE(write_table(folder_ / "table", sample_table()).has_value());
  EXPECT_EQ(read_table(folder_ / "table").value(), sample_table());
}

}  // namespace
}  // namespace tidegate::table
