// HTTP/1.1 for whoever answers requests: router, control's REST, scoring server.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/address.h"
#include "http/body.h"
#include "http/head.h"
#include "http/loop.h"
#include "os/fd.h"

namespace tidegate::http {

// What a handler answers with. Content-Length, Transfer-Encoding, Connection and Date are written
// by the connection; names and values must be free of CR and LF (checked: such a header is left
// out).
struct Reply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// One request on one connection, from its head to the end of its reply. Owned by the connection;
// valid from on_request() until the reply has been finished or on_gone was called (exactly one of
// the two happens, and nothing may be called afterwards). All calls on the loop's thread.
class ServerCall {
 public:
  virtual ~ServerCall() = default;

  virtual const RequestHead& head() const = 0;
  virtual std::string_view peer() const = 0;  // "127.0.0.1:50312" or "unix"
  // Name for logs; set by the connection, unique in this process.
  virtual std::uint64_t id() const = 0;

  // Reads the whole body, then calls back (maybe before it returns) with it, or with exhausted
  // (more than limits.size_max_bytes; known at once if Content-Length says so), or invalid (bad
  // chunk). After an error the handler still replies; the connection is then closed after the
  // reply. Sends "100 Continue" first if the client asked for it. Call at most once.
  virtual void read_body(const BodyLimits& limits,
                         std::move_only_function<void(Result<Body>)> done) = 0;

  // The whole reply. An unread body is drained up to a small limit, else the connection closes.
  virtual void reply(Reply reply) = 0;

  // A reply in pieces: begin, write..., end. With a content_length the pieces must add up to it;
  // without, chunked (or until close for HTTP/1.0). `head.body` is ignored.
  virtual void begin_reply(const Reply& head, std::optional<std::uint64_t> content_length) = 0;
  // For a proxy: header lines as views, written through without hop-by-hop ones, then extra ones.
  virtual void begin_reply(const ResponseHead& head, std::string_view extra_header_lines,
                           std::optional<std::uint64_t> content_length) = 0;
  // Copies. Returns the bytes that wait to be written: stop producing above ~1 MB until on_drained.
  virtual std::size_t write(std::string_view bytes) = 0;
  virtual void on_drained(std::size_t below_bytes, Task task) = 0;  // one shot
  virtual void end_reply() = 0;
  // Closes the connection without finishing: the client sees a broken reply, as it should.
  virtual void abort() = 0;

  // Called at most once, when the client left before the reply was finished. Set it before
  // returning from on_request() or not at all: without it, the call stays valid until the handler
  // has replied to nobody. A client has left when its connection was reset or hung up, when writing
  // to it failed or timed out, or when its body stopped halfway (the connection then answers 408
  // itself). One that only stopped sending (shutdown(SHUT_WR)) still waits for its reply. A tcp
  // client that closed looks the same until something is written to it.
  virtual void on_gone(Task task) = 0;
};

class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Must reply sooner or later, now or from a later callback.
  virtual void on_request(ServerCall& call) = 0;
};

struct ServerOptions {
  std::size_t head_max_bytes = 64UL << 10;  // more: 431, then close
  Milliseconds head_timeout{15'000};        // first byte of a request to the end of its head
  Milliseconds idle_timeout{75'000};     // between requests; 0: for ever ("only the router closes")
  Milliseconds body_timeout{60'000};     // between two pieces of a body; 408, then close
  Milliseconds write_timeout{60'000};    // a client that does not take its reply
  std::size_t connections_max = 10'000;  // more: accepting pauses until one closes
  // When there is no place or descriptor for another connection, those that have waited longest for
  // a request, and longer than this, are closed.
  Milliseconds idle_spared{1'000};
  // Builds the reply to what is no HTTP or breaks a limit (400, 408, 413, 431, 501, 505).
  std::function<Reply(int status, std::string_view reason)> error_reply;
};

// Accepts on listeners and serves their connections. Belongs to the loop's thread.
// Requests on one connection are handled one after another (pipelined ones wait). Refuses what
// could smuggle a request: both Content-Length and Transfer-Encoding, several different
// Content-Lengths, transfer encodings other than chunked, obsolete line folding, bare CR, spaces
// before the colon: 400.
class Server {
 public:
  // handler outlives the server.
  Server(Loop& loop, RequestHandler& handler, ServerOptions options);
  ~Server();  // closes everything

  // Takes the listening descriptor over (non-blocking, from listen_on or the supervisor).
  Result<> add_listener(os::UniqueFd fd);
  // Stops accepting (closing our copies of the listeners), closes idle connections, marks the
  // others "Connection: close"; calls done once when no connection is left.
  void drain(Task done);
  std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::http
