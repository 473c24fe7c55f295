// A body taken apart as a connection does it: what has not been dealt with waits for more.
#pragma once

#include <string>
#include <string_view>

#include "fuzz/fuzz.h"
#include "http/body_decoder.h"

namespace tidegate::fuzz {

struct TakenBody {
  enum class End { complete, malformed, missing } end = End::missing;
  std::string bytes;
  std::size_t consumed = 0;  // of the input
  friend bool operator==(const TakenBody&, const TakenBody&) = default;
};

template <class Parser>
TakenBody take_body(http::BodyDecoder<Parser>& decoder, Parser& parser, std::string_view wire,
                    std::size_t piece) {
  TakenBody taken;
  std::size_t arrived = 0;
  while (!decoder.done()) {
    const http::BodyStep step =
        decoder.step(parser, wire.substr(taken.consumed, arrived - taken.consumed));
    TIDEGATE_CHECK(step.consumed <= arrived - taken.consumed);
    taken.consumed += step.consumed;
    taken.bytes.append(step.bytes);
    if (step.status == http::BodyStep::Status::invalid) {
      taken.end = TakenBody::End::malformed;
      taken.consumed = 0;  // the connection closes, so nobody cares
      return taken;
    }
    if (step.consumed > 0 || decoder.done()) continue;
    if (arrived == wire.size()) return taken;
    arrived = std::min(arrived + piece, wire.size());
  }
  taken.end = TakenBody::End::complete;
  return taken;
}

// As the head says it is framed.
template <class Parser, class Head>
TakenBody take_body_of(const Head& head, Parser& parser, std::string_view wire, std::size_t piece) {
  http::BodyDecoder<Parser> decoder;
  if (head.chunked) {
    decoder.start_chunked();
  } else {
    decoder.start_length(head.content_length.value_or(0));
  }
  return take_body(decoder, parser, wire, piece);
}

}  // namespace tidegate::fuzz
