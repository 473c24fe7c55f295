#include "telemetry/access_record.h"

#include <gtest/gtest.h>

namespace tidegate::telemetry {
namespace {

TEST(AccessRecord, EmptyValuesAreDashes) {
  std::string line;
  append_line(line, AccessRecord{});
  EXPECT_EQ(
      line,
      "1970-01-01T00:00:00.000000Z event=request request_id=- workspace=- service=- version=- "
      "replica=- method=- reason=- status=0 queue_ms=0.000 upstream_ms=0.000 total_ms=0.000 "
      "bytes_in=0 bytes_out=0 peer=-\n");
}

TEST(AccessRecord, WhatClientsChooseCannotForgeALineOrAField) {
  std::string line;
  append_line(line, AccessRecord{.request_id = "a b\" status=200\nx\\"});
  EXPECT_NE(line.find(R"( request_id="a b\" status=200\nx\\" workspace=)"), std::string::npos)
      << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(AccessRecord, HasAllFields) {
  std::string line = "before\n";
  append_line(line, AccessRecord{.time = WallTime(std::chrono::seconds(1)),
                                 .request_id = "id-1",
                                 .workspace = "default",
                                 .service = "diabetes",
                                 .version = "diabetes",
                                 .replica = "r1",
                                 .method = "POST",
                                 .status = 502,
                                 .reason = "replica_exited",
                                 .queue = Microseconds(1500),
                                 .upstream = Microseconds(20),
                                 .total = Microseconds(1'234'567),
                                 .bytes_in = 3,
                                 .bytes_out = 4,
                                 .peer = "127.0.0.1:5"});
  EXPECT_EQ(line,
            "before\n1970-01-01T00:00:01.000000Z event=request request_id=id-1 workspace=default "
            "service=diabetes version=diabetes replica=r1 method=POST reason=replica_exited "
            "status=502 queue_ms=1.500 upstream_ms=0.020 total_ms=1234.567 bytes_in=3 bytes_out=4 "
            "peer=127.0.0.1:5\n");
}

}  // namespace
}  // namespace tidegate::telemetry
