// Replies that come piece by piece, from user code that goes on running.
#include <utility>

#include "scoring/front.h"

namespace tidegate::scoring {
namespace {
// What may wait in a client's connection before the stream waits, too.
constexpr std::size_t kClientWaitingMaxBytes = 256UL << 10;
}  // namespace

void Front::pump(Job& job) {
  auto& exchange = static_cast<Exchange&>(job);
  if (exchange.given_up) return;
  if (exchange.streaming.begun == nullptr) begin_stream(exchange);
  if (!exchange.streaming.waits_for_client) send_pieces(exchange);
}

void Front::begin_stream(Exchange& exchange) {
  exchange.streaming.begun = exchange.stream.get();
  if (exchange.call == nullptr) return exchange.stream->cut();
  http::Reply head = answer_of(exchange);
  add_reply_headers(exchange, head, exchange.outcome.failed);
  exchange.call->begin_reply(head, exchange.outcome.length);
}

void Front::send_pieces(Exchange& exchange) {
  if (exchange.call == nullptr) return;
  std::string pieces = exchange.stream->take();
  // More than the script has announced is not sent, as in the platform's server.
  if (exchange.outcome.length) {
    const std::uint64_t left = *exchange.outcome.length - exchange.streaming.sent_bytes;
    if (pieces.size() > left) pieces.resize(left);
  }
  exchange.streaming.sent_bytes += pieces.size();
  if (exchange.call->write(pieces) <= kClientWaitingMaxBytes) return;
  exchange.streaming.waits_for_client = true;
  exchange.call->on_drained(kClientWaitingMaxBytes / 2, [this, &exchange, use = exchange.use] {
    if (exchange.use != use) return;
    exchange.streaming.waits_for_client = false;
    send_pieces(exchange);
  });
}

// The worker is done; what it wrote last may still be on its way.
void Front::end_stream(Exchange& exchange) {
  if (exchange.streaming.begun == nullptr) begin_stream(exchange);
  send_pieces(exchange);
  const Outcome& outcome = exchange.outcome;
  const std::uint64_t sent = exchange.streaming.sent_bytes;
  log_.write(line_of(exchange, outcome.status, sent));
  if (exchange.call != nullptr) {
    const bool is_whole = !outcome.is_cut && sent == outcome.length.value_or(sent);
    is_whole ? exchange.call->end_reply() : exchange.call->abort();
  }
  exchanges_.give_back(exchange);
}

}  // namespace tidegate::scoring
