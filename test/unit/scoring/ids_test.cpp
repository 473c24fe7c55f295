#include "scoring/ids.h"

#include <gtest/gtest.h>

#include <set>

#include "base/ids.h"
#include "scoring/random_pool.h"
#include "support/sim.h"

namespace tidegate::scoring {
namespace {

IdsFound find(std::vector<http::HeaderView> headers) {
  test::SimRandom random(1);
  http::RequestHead head;
  head.headers = std::move(headers);
  return find_ids(head, random);
}

TEST(RandomPoolTest, EachIdIsNewAndTheSourceIsAskedRarely) {
  class Counted final : public Random {
   public:
    void fill(std::span<std::byte> out) override {
      ++asked_;
      random_.fill(out);
    }
    int asked_ = 0;
    test::SimRandom random_{1};
  } source;
  RandomPool pool(source);
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.insert(random_uuid4(pool));
  EXPECT_EQ(ids.size(), 100U);
  EXPECT_LE(source.asked_, 4);
}

TEST(IdsTest, WithoutAnyARequestIdIsMade) {
  auto found = find({});
  EXPECT_EQ(found.ids.request_id.size(), 36U);
  EXPECT_EQ(found.ids.legacy_id, found.ids.request_id);
  EXPECT_EQ(found.ids.client_request_id, "");
  EXPECT_FALSE(found.ids.trace_id);
  EXPECT_FALSE(found.ids.legacy_header_used);
}

TEST(IdsTest, TheLegacyIdStandsInForTheClientId) {
  auto found = find({{"X-MS-Request-Id", "old"}, {"x-request-id", "r"}});
  EXPECT_EQ(found.ids.request_id, "r");
  EXPECT_EQ(found.ids.legacy_id, "old");
  EXPECT_EQ(found.ids.client_request_id, "old");
  EXPECT_TRUE(found.ids.legacy_header_used);
}

TEST(IdsTest, TheClientIdStandsInForTheLegacyId) {
  auto found = find({{"x-ms-client-request-id", "c"}});
  EXPECT_EQ(found.ids.legacy_id, "c");
  EXPECT_EQ(found.ids.client_request_id, "c");
}

TEST(IdsTest, BothKeepTheirOwn) {
  auto found = find({{"x-ms-client-request-id", "c"}, {"x-ms-request-id", "old"}});
  EXPECT_EQ(found.ids.legacy_id, "old");
  EXPECT_EQ(found.ids.client_request_id, "c");
}

TEST(IdsTest, EmptyClientIdsCountAsNone) {
  auto found =
      find({{"x-ms-client-request-id", ""}, {"x-ms-request-id", ""}, {"x-request-id", "r"}});
  EXPECT_EQ(found.ids.legacy_id, "r");
  EXPECT_EQ(found.ids.client_request_id, "");
}

TEST(IdsTest, AHundredCharactersAreAllowed) {
  const std::string exact(100, 'a');
  EXPECT_EQ(find({{"x-request-id", exact}, {"x-ms-request-id", exact}}).complaint, "");
}

TEST(IdsTest, ALongRequestIdIsNotEchoed) {
  const std::string id(101, 'a');
  auto found = find({{"x-request-id", id}});
  EXPECT_EQ(found.complaint, "x-request-id must not exceed 100 characters");
  EXPECT_EQ(found.ids.request_id, "");
}

TEST(IdsTest, ALongClientOrLegacyIdIsNotEchoed) {
  const std::string id(101, 'a');
  for (std::string_view name : {"x-ms-client-request-id", "x-ms-request-id"}) {
    auto found = find({{name, id}});
    EXPECT_EQ(found.complaint,
              "x-ms-request-id and x-ms-client-request-id must not exceed 100 characters");
    EXPECT_EQ(found.ids.client_request_id, "");
    EXPECT_EQ(found.ids.legacy_id, "");
    EXPECT_NE(found.ids.request_id, "");
  }
}

TEST(IdsTest, TheTraceIdIsKept) {
  EXPECT_EQ(find({{"TRACEID", "t"}}).ids.trace_id, "t");
}

}  // namespace
}  // namespace tidegate::scoring
