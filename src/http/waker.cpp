#include "http/waker.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "http/socket.h"

namespace tidegate::http {

namespace {

class ReadEnd final : public Socket {
 public:
  ReadEnd(Loop::Impl& loop, std::function<void()> on_wake)
      : Socket(loop), on_wake_(std::move(on_wake)) {}

  bool start(os::UniqueFd fd) {
    if (!attach(std::move(fd))) return false;
    watch_readable();
    return true;
  }
  void stop() { close(); }

 private:
  void on_readable() override {
    std::array<char, 64> thrown_away;
    while (receive(thrown_away.data(), thrown_away.size()).status == IoStatus::ok) {
    }
    watch_readable();
    on_wake_();
  }

  std::function<void()> on_wake_;
};

}  // namespace

struct Waker::Impl {
  Loop& loop;
  os::UniqueFd write_end;
  boost::intrusive_ptr<ReadEnd> read_end;
};

Waker::Waker(Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}

Waker::~Waker() {
  if (impl_->read_end) impl_->read_end->stop();
}

Result<> Waker::start(std::function<void()> on_wake) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail(Code::internal, std::string("cannot make a socket pair: ") + ::strerror(errno));
  }
  impl_->write_end = os::UniqueFd(ends[0]);
  impl_->read_end = new ReadEnd(impl_->loop.impl(), std::move(on_wake));
  if (!impl_->read_end->start(os::UniqueFd(ends[1]))) {
    return fail(Code::internal, "the event loop cannot watch a socket pair");
  }
  return {};
}

void Waker::wake() {
  const int saved_errno = errno;
  const char byte = 0;
  [[maybe_unused]] ssize_t n = ::write(impl_->write_end.get(), &byte, 1);
  errno = saved_errno;
}

int Waker::fd() const {
  return impl_->write_end.get();
}

}  // namespace tidegate::http
