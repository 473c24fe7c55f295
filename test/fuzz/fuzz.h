// What the fuzz targets share. A target is one function; libFuzzer calls it, or replay_main.cpp
// does with the files of the corpus.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

// Always 0. Whatever must not be ends the process.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tidegate::fuzz {

// The first byte of an input says in pieces of how many bytes the rest arrives.
struct Input {
  std::size_t piece = 1;  // 1 <= piece
  std::string_view bytes;
};

inline Input input_of(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return {};
  return {.piece = std::size_t{1} + data[0],
          .bytes = {reinterpret_cast<const char*>(data) + 1, size - 1}};
}

// take(bytes, piece) finds the same however the bytes arrive.
template <class Take>
void check_pieces(const std::uint8_t* data, std::size_t size, Take take) {
  const auto [piece, bytes] = input_of(data, size);
  const auto whole = take(bytes, bytes.size() + 1);
  TIDEGATE_CHECK(take(bytes, piece) == whole);
}

}  // namespace tidegate::fuzz
