#include "http/stream_socket.h"

#include <sys/socket.h>

#include <array>

namespace tidegate::http {
namespace {

bool is_connected(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

}  // namespace

void StreamSocket::start(os::UniqueFd fd, bool connecting) {
  if (!attach(std::move(fd))) return break_later();
  if (connecting) return watch_writable();
  state_ = State::opening;
  defer();
}

void StreamSocket::write(std::string_view bytes) {
  if (state_ != State::open) return;
  const bool was_waiting = !unsent_.empty();
  unsent_.append(bytes);
  if (!was_waiting) flush();
  if (unsent_.size() > unsent_max_bytes_) break_later();
}

void StreamSocket::abandon() {
  owner_ = nullptr;
  state_ = State::broken;
  close();
}

void StreamSocket::on_readable() {
  // A peer that never stops must not hold the loop: back to it after some rounds.
  for (int round = 0; round < 16; ++round) {
    const IoResult got = receive(loop_.scratch.data(), loop_.scratch.size());
    if (got.status == IoStatus::would_block) break;
    if (got.status != IoStatus::ok) return end();
    owner_->on_stream_bytes(*this, {loop_.scratch.data(), got.bytes});
    if (state_ != State::open) return;
  }
  watch_readable();
}

void StreamSocket::on_writable() {
  if (state_ == State::open) return flush();
  if (state_ != State::connecting) return;
  if (!is_connected(fd())) return end();
  state_ = State::opening;
  defer();
}

void StreamSocket::on_deferred() {
  if (state_ == State::broken) return end();
  if (state_ != State::opening) return;
  state_ = State::open;
  watch_readable();
  owner_->on_stream_open(*this);
}

void StreamSocket::flush() {
  std::size_t sent = 0;
  while (sent < unsent_.size()) {
    std::array<iovec, 1> pieces{iovec{unsent_.data() + sent, unsent_.size() - sent}};
    const IoResult result = send(pieces);
    if (result.status == IoStatus::broken) return break_later();
    if (result.status == IoStatus::would_block) {
      watch_writable();
      break;
    }
    sent += result.bytes;
  }
  unsent_.erase(0, sent);
}

void StreamSocket::break_later() {
  state_ = State::broken;
  defer();
}

void StreamSocket::end() {
  state_ = State::broken;
  close();
  if (Owner* owner = std::exchange(owner_, nullptr)) owner->on_stream_end(*this);
}

}  // namespace tidegate::http
