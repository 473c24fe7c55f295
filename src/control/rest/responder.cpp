#include "control/rest/responder.h"

namespace tidegate::control {

Json error_reply_body(const ErrorBody& body, std::string_view request_id) {
  Json error = to_json(body);
  error["correlation"] = {{"RequestId", request_id}};
  Json whole{{"error", error}};
  whole.update(error);
  return whole;
}

NamedValues Responder::headers_with(NamedValues headers) const {
  headers.emplace_back("x-request-id", request_id_);
  return headers;
}

void Responder::send(http::Reply reply) {
  http::ServerCall* call = calls_->find(call_id_);
  if (call == nullptr) return;
  calls_->close(call_id_);
  reply.headers = headers_with(std::move(reply.headers));
  call->reply(std::move(reply));
}

void Responder::send(int status, const Json& body, NamedValues headers) {
  headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  send(http::Reply{status, std::move(headers), to_text(body)});
}

void Responder::send_empty(int status, NamedValues headers) {
  send(http::Reply{status, std::move(headers), ""});
}

void Responder::send_text(std::string text) {
  send(http::Reply{200, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)});
}

void Responder::fail(const Error& error) {
  fail(error_body(error));
}

void Responder::fail(const ErrorBody& body) {
  send(body.status, error_reply_body(body, request_id_));
}

}  // namespace tidegate::control
