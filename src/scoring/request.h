#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/body.h"
#include "scoring/stream.h"

namespace tidegate::scoring {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// What the entry script needs of a request besides its body; known once the script is loaded.
struct Needs {
  bool headers = false;       // run() takes request_headers, or the raw request
  bool every_method = false;  // @rawhttp: OPTIONS and HEAD are for the script, too
};

// An admitted request as the worker sees it: everything is owned, so that a client that leaves
// takes nothing away from a run() that has begun.
struct Request {
  std::string method;
  std::string target;  // path and query as sent
  std::string request_id;
  HeaderList headers;  // as script_headers() gives them; empty unless Needs.headers
  std::string peer;    // "127.0.0.1:50312" or "unix"; empty unless Needs.headers
  http::Body body;
};

// What became of it. `headers` are the script's own; without a Content-Type among them the body is
// application/json, but for a response that the script made itself.
struct Outcome {
  enum class Failed {
    no,
    yes,
    unsaid
  };  // x-ms-run-function-failed; unsaid: the header is left out

  int status = 200;
  std::string body;
  HeaderList headers;
  bool is_response = false;
  std::optional<double> run_ms;  // time inside run(), if it came back
  Failed failed = Failed::no;
  // Of a body that comes by Job::stream: its length if it is known, and whether it ended before its
  // end (the client's connection is then cut).
  std::optional<std::uint64_t> length;
  bool is_cut = false;
};

// One admitted request on its way through a worker. Between Worker::begin() and Server::finish()
// `request` and `outcome` are the worker's; the atomics are for both sides.
struct Job {
  Request request;
  Outcome outcome;
  std::unique_ptr<Stream> stream;           // made by Server::begin_stream()
  std::atomic<std::int64_t> started_ns{0};  // mono clock, when run() began; 0: it still waits
  std::atomic<bool> timed_out{false};
};

}  // namespace tidegate::scoring
