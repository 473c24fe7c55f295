// What the router itself answers. All roads that end without a replica's answer end in one of
// these.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "http/server.h"
#include "table/table.h"

namespace tidegate::router {

// A fixed word each (word_of): field of the access log, label of the metrics, member of the reply
// and expectation of tests at once.
enum class Reason {
  answered,            // the replica's answer was passed on
  replica_failed,      // it was a 500, passed on as 502
  no_route,            // 404
  unknown_service,     // 404
  unauthenticated,     // 401
  method_not_allowed,  // 405
  bad_request,         // 400 and others: what is no valid request
  body_too_large,      // 413
  no_table,            // 503: no routing table could be read yet
  no_replica,          // 503: none was there within maxQueueWaitMs
  queue_timeout,       // 503: none was free within maxQueueWaitMs
  queue_full,          // 503: too many wait already
  replica_refused,     // 503: every replica wants another secret than this router shows
  draining,            // 503: this router stops
  replica_exited,      // 502: it had the request and went away
  broken_reply,        // 502 if nothing was passed on yet
  timed_out,           // 504: scoringTimeoutMs
  client_gone,         // 499, for records only
  internal_error,      // 500
};
std::string_view word_of(Reason reason);

struct LocalReply {
  int status;
  Reason reason;
  std::string_view allow = {};   // 405: the methods that are allowed
  std::string replica_end = {};  // how the replica ended, if that is known
  std::string detail = {};       // what exactly was wrong, if a stage knows more than the reason
};

// A stage of a request gives its value or ends the request.
template <class T>
using Stage = std::expected<T, LocalReply>;

inline std::unexpected<LocalReply> refuse(int status, Reason reason) {
  return std::unexpected(LocalReply{.status = status, .reason = reason});
}

// What the message may name; unknown things are empty or null.
struct ReplyContext {
  std::string_view request_id;
  std::string_view workspace;
  std::string_view service;
  const table::Version* version = nullptr;
  std::uint64_t body_max_bytes = 0;
};

// JSON {code, reason, message, requestId}. The message names the service, the setting that was hit,
// and the next step.
http::Reply to_http(const LocalReply& reply, const ReplyContext& context);

}  // namespace tidegate::router
