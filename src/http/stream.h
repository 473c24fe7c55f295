// Byte streams between our own processes (the link between router and control). Whole messages are
// framed by whoever uses them.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "http/address.h"
#include "http/loop.h"
#include "os/fd.h"

namespace tidegate::http {

using StreamId = std::uint64_t;  // never used twice by one client or server

// All calls on the loop's thread, never from inside write() or close().
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void on_open(StreamId id) = 0;
  virtual void on_bytes(StreamId id, std::string_view bytes) = 0;
  // The peer closed, or the stream broke. Not called for one that was closed on this side.
  virtual void on_closed(StreamId id) = 0;
};

struct StreamOptions {
  Milliseconds retry_delay{100};               // between two attempts to connect
  std::size_t unsent_max_bytes = 256UL << 20;  // a peer that takes nothing: the stream is closed
  std::size_t streams_max = 64;                // of a server; more are closed at once
};

// One connection that is made again whenever it breaks, for ever. Belongs to the loop's thread.
class StreamClient {
 public:
  // handler outlives the client.
  StreamClient(Loop& loop, Address address, StreamHandler& handler, StreamOptions options);
  ~StreamClient();  // closes

  void start();
  // Copies. Without an open connection, nothing happens.
  void write(std::string_view bytes);
  // Gives the connection up and makes a new one after retry_delay.
  void reconnect();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Accepts any number of such connections. Belongs to the loop's thread.
class StreamServer {
 public:
  // handler outlives the server.
  StreamServer(Loop& loop, StreamHandler& handler, StreamOptions options);
  ~StreamServer();  // closes everything

  // Takes a listening descriptor over (non-blocking, from listen_on).
  Result<> add_listener(os::UniqueFd fd);
  // Copies. A stream that is gone: nothing happens.
  void write(StreamId id, std::string_view bytes);
  void close(StreamId id);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::http
