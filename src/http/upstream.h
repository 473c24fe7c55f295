// The other direction: requests to replicas, over kept connections.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/address.h"
#include "http/body.h"
#include "http/head.h"
#include "http/loop.h"

namespace tidegate::http {

// Why there is no (whole) response, as far as a retry is concerned.
enum class UpstreamFailure {
  // The peer took no byte of the request, or was a unix peer that ended with part of it unread:
  // safe
  // to send elsewhere, if the peer begins when it has all of it.
  not_sent,
  no_response,   // sent, and the peer closed or reset before a response head: may have started
  broken_reply,  // the response ended in the middle or was no HTTP
};

// Receives one response. Called on the loop's thread; on_done or on_failure is the last call.
class UpstreamHandler {
 public:
  virtual ~UpstreamHandler() = default;
  virtual void on_head(const ResponseHead& head) = 0;  // views valid during the call only
  virtual void on_body(std::string_view bytes) = 0;
  virtual void on_done() = 0;
  virtual void on_failure(UpstreamFailure failure, std::string_view detail) = 0;
};

// One request that is under way. Destroying it cancels: the connection is closed, the handler hears
// nothing more.
class UpstreamCall {
 public:
  virtual ~UpstreamCall() = default;
  virtual void pause() = 0;  // stop reading the response
  virtual void resume() = 0;
};

struct UpstreamOptions {
  Milliseconds connect_timeout{1'000};
  std::size_t idle_connections_max = 64;
  std::size_t head_max_bytes = 64UL << 10;
};

// All connections of one loop to one replica. A kept connection that the peer closed while idle is
// noticed and never used again. Belongs to the loop's thread.
class Upstream {
 public:
  Upstream(Loop& loop, Address address, UpstreamOptions options);
  ~Upstream();  // cancels calls, closes connections

  // `head` is the complete request head, framed by the caller ("POST /score
  // HTTP/1.1\r\n...\r\n\r\n"); copied. `body` outlives the call. `handler` outlives the call. Never
  // calls the handler before it returns.
  std::unique_ptr<UpstreamCall> send(std::string_view head, const Body& body,
                                     UpstreamHandler& handler);
  void close_idle();
  std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::http
