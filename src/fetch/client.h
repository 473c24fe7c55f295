// One HTTP call: what is asked and what came back. The seam for the network of the command line.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "os/file.h"

namespace tidegate::fetch {

using Headers = std::vector<std::pair<std::string, std::string>>;

// How an https server is known, and how we prove ourselves to it. All as PEM text; the key is never
// written anywhere.
struct Tls {
  std::string ca;           // certificates to trust, instead of the system's; empty: the system's
  std::string certificate;  // ours, with its chain; empty: none
  Secret key;
  bool is_verified = true;  // false: anybody may pretend to be the server
};

struct Response;

struct Request {
  std::string method = "GET";
  std::string url;       // "http://localhost/path?query"
  os::Path unix_socket;  // connect there instead of to the url's host; empty: TCP
  Headers headers;
  std::string body;
  os::Path body_file;  // streamed instead of `body` unless empty
  Tls tls;             // for https
  os::Path
      response_file;  // the body of a 2xx answer goes there, not into the Response, unless empty
  Milliseconds connect_timeout{5'000};
  Milliseconds timeout{80'000};   // for the whole call; 0: none
  Milliseconds stall_timeout{0};  // ends a call in which nothing moves; for long transfers; 0: none
  std::uint64_t response_max_bytes = 256ULL << 20;
  // Of GET and HEAD over TCP. Another host sees neither Authorization nor Cookie nor our
  // certificate. 0: a redirect is an answer like others.
  int redirects_max = 5;

  // Called now and then with the bytes of the body that were sent, and their number in all.
  std::function<void(std::uint64_t sent, std::uint64_t total)> on_progress;
  // Once, when status and headers of the answer are there and its body is not.
  std::function<void(const Response& head)> on_head;
  // The body of a 2xx answer as it comes, instead of in the Response; false ends the call with
  // Code::cancelled. For answers without an end (watches) and for those that are hashed on the way.
  std::function<bool(std::string_view bytes)> on_body;
  // Asked at least once a second; true ends the call with Code::cancelled.
  std::function<bool()> is_cancelled;
};

struct Response {
  int status = 0;
  Headers headers;  // names as sent
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  std::optional<std::string> header(std::string_view name) const;  // case does not count
};

class Client {
 public:
  virtual ~Client() = default;
  // An Error means that no whole answer came: unavailable (nothing listens there, or the connection
  // broke, or the server's certificate is not one that we trust), unauthenticated (the server
  // refused our certificate), timed_out, cancelled, exhausted (the answer is too large), invalid
  // (the url, or PEM text that is none), or one about a file.
  virtual Result<Response> send(const Request& request) = 0;
};

// "a b&c" -> "a%20b%26c", for one segment of a path or one value of a query.
std::string escaped(std::string_view text);

}  // namespace tidegate::fetch
