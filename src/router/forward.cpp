#include "router/forward.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "router/local_reply.h"

namespace tidegate::router {
namespace {

// Those that we write ourselves, or that mean this connection only.
bool stays_here(std::string_view name, std::string_view connection) {
  for (std::string_view ours : {std::string_view("Content-Length"), std::string_view("Expect"),
                                std::string_view("x-request-id"),
                                std::string_view("X-Forwarded-For"), kReplicaSecretHeader}) {
    if (http::equal_names(name, ours)) return true;
  }
  return http::is_hop_by_hop(name, connection);
}

// "127.0.0.1:50312" -> "127.0.0.1", "[::1]:80" -> "::1", "unix" -> "".
std::string_view address_of(std::string_view peer) {
  const std::size_t colon = peer.rfind(':');
  if (colon == std::string_view::npos) return "";
  peer = peer.substr(0, colon);
  if (peer.starts_with('[') && peer.ends_with(']')) peer = peer.substr(1, peer.size() - 2);
  return peer;
}

void append_forwarded_for(std::string& out, const http::RequestHead& head, std::string_view peer) {
  std::string chain;
  for (const http::HeaderView& header : head.headers) {
    if (!http::equal_names(header.name, "X-Forwarded-For")) continue;
    chain.append(chain.empty() ? "" : ", ").append(header.value);
  }
  if (const std::string_view address = address_of(peer); !address.empty()) {
    chain.append(chain.empty() ? "" : ", ").append(address);
  }
  if (!chain.empty()) fmt::format_to(std::back_inserter(out), "X-Forwarded-For: {}\r\n", chain);
}

}  // namespace

std::string request_head_for_replica(const http::RequestHead& head,
                                     const ForwardedRequest& forwarded) {
  std::string out;
  out.reserve(1024);
  out.append(head.method).append(" ").append(forwarded.path);
  if (!head.query().empty()) out.append("?").append(head.query());
  out.append(" HTTP/1.1\r\n");
  const std::string_view connection = head.find("Connection").value_or("");
  for (const http::HeaderView& header : head.headers) {
    if (stays_here(header.name, connection)) continue;
    out.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  if (!head.find("Host")) out.append("Host: replica\r\n");  // HTTP/1.0 clients need not send one
  out.append("x-request-id: ").append(forwarded.request_id).append("\r\n");
  append_forwarded_for(out, head, forwarded.peer);
  if (!forwarded.replica_secret.empty()) {
    out.append(kReplicaSecretHeader).append(": ").append(forwarded.replica_secret).append("\r\n");
  }
  if (forwarded.body_size > 0 || head.method == "POST") {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", forwarded.body_size);
  }
  out.append("\r\n");
  return out;
}

policy::Outcome outcome_of(const http::ResponseHead& head) {
  const bool not_started = head.find("x-tidegate-not-started") == "1";
  if (not_started && head.status == 503) return policy::Outcome::not_started;
  if (not_started && head.status == 401) return policy::Outcome::refused;
  return policy::Outcome::answered;
}

ForwardedReply reply_head_for_client(const http::ResponseHead& head, std::string_view request_id) {
  ForwardedReply reply{.head = head, .extra_lines = {}};
  std::erase_if(reply.head.headers, [](const http::HeaderView& header) {
    return http::equal_names(header.name, "x-request-id");
  });
  reply.extra_lines = fmt::format("x-request-id: {}\r\n", request_id);
  if (head.status == 500) {
    reply.head.status = 502;
    reply.head.reason = http::reason_phrase(502);
    reply.extra_lines += fmt::format("x-tidegate-reason: {}\r\n", word_of(Reason::replica_failed));
  }
  return reply;
}

}  // namespace tidegate::router
