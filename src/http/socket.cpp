#include "http/socket.h"

#include <sys/socket.h>

#include <cerrno>

namespace tidegate::http {

using Descriptor = boost::asio::posix::descriptor_base;

bool Socket::attach(os::UniqueFd fd) {
  boost::system::error_code error;
  descriptor_.assign(fd.get(), error);
  if (error) return false;
  fd.release();
  return true;
}

void Socket::close() {
  boost::system::error_code error;
  descriptor_.close(error);
}

void Socket::watch_readable() {
  wants_readable_ = true;
  if (waits_readable_) return;
  waits_readable_ = true;
  descriptor_.async_wait(Descriptor::wait_read, [self = boost::intrusive_ptr<Socket>(this)](
                                                    const boost::system::error_code&) {
    Turn turn(self->loop_);
    self->waits_readable_ = false;
    if (!self->is_open() || !self->wants_readable_) return;
    self->wants_readable_ = false;
    self->on_readable();
  });
}

void Socket::watch_writable() {
  if (waits_writable_) return;
  waits_writable_ = true;
  descriptor_.async_wait(Descriptor::wait_write, [self = boost::intrusive_ptr<Socket>(this)](
                                                     const boost::system::error_code&) {
    Turn turn(self->loop_);
    self->waits_writable_ = false;
    if (self->is_open()) self->on_writable();
  });
}

void Socket::watch_hangup() {
  if (waits_hangup_) return;
  waits_hangup_ = true;
  descriptor_.async_wait(Descriptor::wait_error, [self = boost::intrusive_ptr<Socket>(this)](
                                                     const boost::system::error_code&) {
    Turn turn(self->loop_);
    self->waits_hangup_ = false;
    if (self->is_open()) self->on_hangup();
  });
}

IoResult Socket::receive(char* to, std::size_t size) {
  for (;;) {
    const ssize_t n = ::recv(fd(), to, size, 0);
    if (n > 0) return {IoStatus::ok, static_cast<std::size_t>(n)};
    if (n == 0) return {IoStatus::end};
    if (errno == EINTR) continue;
    return {errno == EAGAIN ? IoStatus::would_block : IoStatus::broken};
  }
}

IoResult Socket::send(std::span<iovec> pieces) {
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  for (;;) {
    const ssize_t n = ::sendmsg(fd(), &message, MSG_NOSIGNAL);
    if (n >= 0) return {IoStatus::ok, static_cast<std::size_t>(n)};
    if (errno == EINTR) continue;
    return {errno == EAGAIN ? IoStatus::would_block : IoStatus::broken};
  }
}

}  // namespace tidegate::http
