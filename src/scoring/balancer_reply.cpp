#include "scoring/balancer_reply.h"

#include "scoring/messages.h"

namespace tidegate::scoring {
namespace {

http::Reply json_reply(int status, std::string_view message, std::string_view failed) {
  http::Reply reply{.status = status, .body = message_body(message)};
  reply.headers.emplace_back("Content-Type", "application/json");
  reply.headers.emplace_back("x-ms-run-function-failed", failed);
  return reply;
}

http::Reply not_started(http::Reply reply) {
  reply.headers.emplace_back("x-tidegate-not-started", "1");
  return reply;
}

}  // namespace

http::Reply healthy_reply() {
  http::Reply reply{.status = 200, .body = "Healthy"};
  reply.headers.emplace_back("Content-Type", "text/html; charset=utf-8");
  return reply;
}

http::Reply message_reply(int status, std::string_view message) {
  return json_reply(status, message, "False");
}

http::Reply refusal_reply(std::string_view message) {
  return not_started(message_reply(503, message));
}

http::Reply stranger_reply() {
  return not_started(message_reply(401, kStranger));
}

http::Reply body_error_reply(const Error& error) {
  const int status = error.code == Code::exhausted ? 413 : error.code == Code::invalid ? 400 : 500;
  return message_reply(status, error.message);
}

http::Reply lost_reply(std::string_view message) {
  return json_reply(502, message, "True");
}

}  // namespace tidegate::scoring
