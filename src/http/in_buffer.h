// Bytes that were received: first a head that stays where it is (views point into it), then what
// has not been dealt with. Not for other folders.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/check.h"

namespace tidegate::http {

class InBuffer {
 public:
  static constexpr std::size_t kInitialBytes = 4UL << 10;
  static constexpr std::size_t kKeptBytes = 64UL << 10;

  std::string_view pinned() const { return {data_.get(), pinned_}; }
  std::string_view rest() const { return {data_.get() + pinned_, size_ - pinned_}; }

  char* room() { return data_.get() + size_; }
  std::size_t room_bytes() const { return capacity_ - size_; }
  void received(std::size_t bytes) { size_ += bytes; }

  // Moves the bytes: not while a head is pinned.
  void reserve_room(std::size_t bytes) {
    if (room_bytes() >= bytes) return;
    TIDEGATE_CHECK(pinned_ == 0);
    const std::size_t capacity = std::max({kInitialBytes, 2 * capacity_, size_ + bytes});
    auto data = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ > 0) std::memcpy(data.get(), data_.get(), size_);
    data_ = std::move(data);
    capacity_ = capacity;
  }

  // The first `bytes` of the rest become the head.
  void pin(std::size_t bytes) { pinned_ = bytes; }
  void unpin() {
    if (pinned_ == 0) return;
    std::memmove(data_.get(), data_.get() + pinned_, size_ - pinned_);
    size_ -= pinned_;
    pinned_ = 0;
    if (size_ == 0 && capacity_ > kKeptBytes) {
      data_.reset();
      capacity_ = 0;
    }
  }
  // Drops the first `bytes` of the rest.
  void consume(std::size_t bytes) {
    if (bytes == 0) return;
    std::memmove(data_.get() + pinned_, data_.get() + pinned_ + bytes, size_ - pinned_ - bytes);
    size_ -= bytes;
  }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::size_t pinned_ = 0;  // 0 <= pinned_ <= size_ <= capacity_
};

}  // namespace tidegate::http
