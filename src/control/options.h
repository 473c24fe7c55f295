#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "os/file.h"

namespace tidegate::control {

class ClusterAccess;

struct ControlOptions {
  os::Path data_dir;
  std::string scoring_base;  // "http://127.0.0.1:8900": where the router listens, for scoring URIs
  std::string api_address;   // of the TCP listener of the API, empty if there is none; for people
  std::string version;
  os::Path uv;                                   // the program
  Milliseconds start_limit{310'000};             // for init(), at least
  Milliseconds schedule_limit{300'000};          // for pods to find a node
  Milliseconds pull_limit{60'000};               // for an image that cannot be pulled
  std::uint64_t images_max_bytes = 50ULL << 30;  // what builds keep in data_dir/images
  ClusterAccess* clusters = nullptr;             // how clusters are attached; null: not at all
};

}  // namespace tidegate::control
