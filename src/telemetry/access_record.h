#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tidegate::telemetry {

using Microseconds = std::chrono::microseconds;

// All that is told about one request when it is over. No body, no key, no query.
struct AccessRecord {
  WallTime time;  // when its head had arrived
  std::string request_id;
  std::string workspace;
  std::string service;
  std::string version;
  std::string replica;  // the last one that had it
  std::string method;
  int status = 0;            // 499: the client left before there was one
  std::string_view reason;   // a fixed word
  Microseconds queue{0};     // waiting for a replica
  Microseconds upstream{0};  // from the last dispatch to the end of the answer
  Microseconds total{0};
  std::uint64_t bytes_in = 0;  // of the bodies
  std::uint64_t bytes_out = 0;
  std::string peer;
};

// One line with its newline: "2026-11-24T10:29:56.123456Z event=request request_id=... status=200
// reason=answered queue_ms=0.012 ...". Empty values are "-"; those with spaces or quotes are quoted
// as in JSON.
void append_line(std::string& out, const AccessRecord& record);

}  // namespace tidegate::telemetry
