#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "control/error_json.h"
#include "control/rest/request.h"
#include "http/server.h"

namespace tidegate::control {

// Calls that wait for their reply. A client may leave before it comes.
class OpenCalls {
 public:
  virtual ~OpenCalls() = default;
  // nullptr: the client has left.
  virtual http::ServerCall* find(std::uint64_t call_id) = 0;
  // The call gets no more from us; call before the last write to it.
  virtual void close(std::uint64_t call_id) = 0;
};

// The right to answer one request, once. May be kept, moved into a job and used later on the loop's
// thread; if the client has left, nothing happens.
class Responder {
 public:
  Responder(OpenCalls& calls, std::uint64_t call_id, std::string request_id)
      : calls_(&calls), call_id_(call_id), request_id_(std::move(request_id)) {}

  void send(int status, const Json& body, NamedValues headers = {});
  void send_empty(int status, NamedValues headers = {});
  void send_text(std::string text);
  void fail(const Error& error);
  void fail(const ErrorBody& body);

  // For a reply in pieces; nullptr: the client has left.
  http::ServerCall* call() { return calls_->find(call_id_); }
  void close() { calls_->close(call_id_); }
  // The headers every reply has.
  NamedValues headers_with(NamedValues headers) const;

 private:
  void send(http::Reply reply);

  OpenCalls* calls_;
  std::uint64_t call_id_;
  std::string request_id_;
};

// An error body as both kinds of clients of the platform read it: the members at the top level, and
// once more below `error`.
Json error_reply_body(const ErrorBody& body, std::string_view request_id);

}  // namespace tidegate::control
