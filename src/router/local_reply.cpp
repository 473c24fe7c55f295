#include "router/local_reply.h"

#include <fmt/format.h>

#include "base/json.h"

namespace tidegate::router {
namespace {

constexpr std::size_t kDetailMax = 300;

std::int64_t wait_limit(const ReplyContext& context) {
  return context.version == nullptr ? 0 : context.version->max_queue_wait.count();
}

std::string queue_timeout_text(const ReplyContext& context) {
  return fmt::format(
      "Too many requests for service {} (overloaded): no replica became free within "
      "maxQueueWaitMs ({} ms). Try again, raise numReplicas, or raise maxQueueWaitMs.",
      context.service, wait_limit(context));
}

std::string no_replica_text(const ReplyContext& context) {
  return fmt::format(
      "No ready replicas for service {}: none came up within maxQueueWaitMs ({} ms). See `tidegate "
      "service show -n {}` for their states and `tidegate service get-logs -n {}` for the reason.",
      context.service, wait_limit(context), context.service, context.service);
}

std::string timed_out_text(const ReplyContext& context) {
  const std::int64_t limit =
      context.version == nullptr ? 0 : context.version->scoring_timeout.count();
  return fmt::format(
      "Service {} did not answer within scoringTimeoutMs ({} ms). Make run() faster or raise "
      "scoringTimeoutMs. The call still occupies its replica until run() returns.",
      context.service, limit);
}

// "Replica closed connection before replying" is what the platform's router says.
std::string replica_exited_text(std::string_view replica_end, const ReplyContext& context) {
  if (replica_end.empty()) {
    return fmt::format(
        "Replica closed connection before replying, and how it ended is not known here (a crash, "
        "out of memory, or one process of several ended). The request may have run, so it was not "
        "repeated. See `tidegate service get-logs -n {}` and `tidegate service show -v -n {}`.",
        context.service, context.service);
  }
  return fmt::format(
      "Replica closed connection before replying: its process {} while it had this request. The "
      "request may have run, so it was not repeated. See `tidegate service get-logs -n {}`.",
      replica_end, context.service);
}

std::string text_of(const LocalReply& reply, const ReplyContext& context) {
  switch (reply.reason) {
    case Reason::no_route:
      return "There is nothing at this path. Services are called at "
             "/api/v1/service/<name>/score.";
    case Reason::unknown_service:
      return fmt::format(
          "There is no service {} in workspace {}. `tidegate service list` shows "
          "those that there are.",
          context.service, context.workspace);
    case Reason::unauthenticated:
      return fmt::format(
          "Service {} wants the header `Authorization: Bearer <key>` with one of its "
          "keys. `tidegate service get-keys -n {}` shows them.",
          context.service, context.service);
    case Reason::method_not_allowed:
      return "The method is not allowed for this path; the header Allow names those that are.";
    case Reason::bad_request:
      return "The request is no valid HTTP request.";
    case Reason::body_too_large:
      return fmt::format("The body is larger than {} bytes, the limit of this router.",
                         context.body_max_bytes);
    case Reason::no_table:
      return "This router has no routing table yet. Try again in a moment.";
    case Reason::no_replica:
      return no_replica_text(context);
    case Reason::queue_timeout:
      return queue_timeout_text(context);
    case Reason::queue_full:
      return fmt::format(
          "Too many requests for service {} (overloaded): too many wait for a replica "
          "already. Try again later, or raise numReplicas.",
          context.service);
    case Reason::replica_refused:
      return fmt::format(
          "The replicas of service {} refuse this router: they want another "
          "x-tidegate-replica-secret than its routing table has. This passes when both have the "
          "same; if it does not, update the service.",
          context.service);
    case Reason::draining:
      return "This router is stopping. Try again in a moment.";
    case Reason::replica_exited:
      return replica_exited_text(reply.replica_end, context);
    case Reason::broken_reply:
      return fmt::format(
          "The reply of a replica of service {} was broken off. The request was not "
          "repeated. See `tidegate service get-logs -n {}`.",
          context.service, context.service);
    case Reason::timed_out:
      return timed_out_text(context);
    case Reason::internal_error:
      return "The router failed; its log says why.";
    case Reason::answered:
    case Reason::replica_failed:
    case Reason::client_gone:
      break;
  }
  return std::string(word_of(reply.reason));
}

}  // namespace

std::string_view word_of(Reason reason) {
  switch (reason) {
    case Reason::answered:
      return "answered";
    case Reason::replica_failed:
      return "replica_failed";
    case Reason::no_route:
      return "no_route";
    case Reason::unknown_service:
      return "unknown_service";
    case Reason::unauthenticated:
      return "unauthenticated";
    case Reason::method_not_allowed:
      return "method_not_allowed";
    case Reason::bad_request:
      return "bad_request";
    case Reason::body_too_large:
      return "body_too_large";
    case Reason::no_table:
      return "no_table";
    case Reason::no_replica:
      return "no_replica";
    case Reason::queue_timeout:
      return "queue_timeout";
    case Reason::queue_full:
      return "queue_full";
    case Reason::replica_refused:
      return "replica_refused";
    case Reason::draining:
      return "draining";
    case Reason::replica_exited:
      return "replica_exited";
    case Reason::broken_reply:
      return "broken_reply";
    case Reason::timed_out:
      return "timed_out";
    case Reason::client_gone:
      return "client_gone";
    case Reason::internal_error:
      return "internal_error";
  }
  return "internal_error";
}

http::Reply to_http(const LocalReply& reply, const ReplyContext& context) {
  std::string message = text_of(reply, context);
  if (!reply.detail.empty()) message += " (" + reply.detail.substr(0, kDetailMax) + ")";
  const Json body{{"code", reply.status},
                  {"reason", word_of(reply.reason)},
                  {"message", message},
                  {"requestId", context.request_id}};
  http::Reply out{.status = reply.status,
                  .headers = {{"Content-Type", "application/json"},
                              {"x-request-id", std::string(context.request_id)},
                              {"x-tidegate-reason", std::string(word_of(reply.reason))}},
                  .body = to_text(body)};
  if (reply.status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (reply.status == 405) out.headers.emplace_back("Allow", std::string(reply.allow));
  if (reply.status == 503) out.headers.emplace_back("Retry-After", "1");
  return out;
}

}  // namespace tidegate::router
