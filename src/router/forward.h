// Heads on their way through: what is taken off, what is put on.
#pragma once

#include <string>
#include <vector>

#include "http/head.h"
#include "policy/retry.h"

namespace tidegate::router {

struct ForwardedRequest {
  std::string_view path;  // as the replica sees it
  std::string_view request_id;
  std::string_view peer;  // of the client, "127.0.0.1:50312" or "unix"
  std::uint64_t body_size = 0;
  std::string_view replica_secret = {};  // of the service; empty: none
};

// By which a replica that others could reach, too, knows its routers.
inline constexpr std::string_view kReplicaSecretHeader = "x-tidegate-replica-secret";

// The complete head for the replica: the client's, without hop-by-hop headers and Expect, framed
// anew, with our x-request-id, one more address in X-Forwarded-For and the service's replica secret
// (never the client's header of that name). Authorization stays: scripts of Azure's service saw
// it.
std::string request_head_for_replica(const http::RequestHead& head,
                                     const ForwardedRequest& forwarded);

// answered, unless the replica says that it refused before user code saw the request.
policy::Outcome outcome_of(const http::ResponseHead& head);

struct ForwardedReply {
  http::ResponseHead head;  // views into the replica's head
  std::string extra_lines;  // ready to be written after its headers
};
// The replica's head for the client: a 500 becomes 502, so that the model's failures differ from
// ours.
ForwardedReply reply_head_for_client(const http::ResponseHead& head, std::string_view request_id);

}  // namespace tidegate::router
