#include "scoring/exchange.h"

namespace tidegate::scoring {

Exchange& ExchangePool::take() {
  if (free_.empty()) {
    free_.push_back(all_.emplace_back(std::make_unique<Exchange>()).get());
  }
  Exchange& exchange = *free_.back();
  free_.pop_back();
  return exchange;
}

void ExchangePool::give_back(Exchange& exchange) {
  ++exchange.use;
  exchange.call = nullptr;
  exchange.has_place = false;
  exchange.is_with_worker = false;
  exchange.given_up = false;
  exchange.started_ns.store(0, std::memory_order_relaxed);
  exchange.timed_out.store(false, std::memory_order_relaxed);
  exchange.request.headers.clear();
  exchange.request.body = http::Body();  // its memory goes: a body may be large
  exchange.outcome = {};
  exchange.streaming = {};
  exchange.stream.reset();
  free_.push_back(&exchange);
}

}  // namespace tidegate::scoring
