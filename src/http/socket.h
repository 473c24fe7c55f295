// A non-blocking descriptor and the waits on it. Connections and listeners derive from it.
//
// Bytes are moved with plain recv/sendmsg on the descriptor, first at once and only then after a
// wait: Asio is asked for readiness alone. That needs no buffer while a connection is idle, serves
// tcp and unix alike, and costs one epoll_ctl per wait, which was measured to be cheaper than the
// recv that ends in EAGAIN which async_read_some does before it waits.
#pragma once

#include <sys/uio.h>

#include <span>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "http/loop_impl.h"
#include "os/fd.h"

namespace tidegate::http {

enum class IoStatus {
  ok,
  would_block,
  end,     // receive: the peer will send no more
  broken,  // reset, or any other error
};

struct IoResult {
  IoStatus status;
  std::size_t bytes = 0;
};

// Counted because a wait that was cancelled still comes back from the reactor. Whoever manages a
// socket (a server, an upstream) holds one reference, each wait holds one.
class Socket : public boost::intrusive_ref_counter<Socket, boost::thread_unsafe_counter> {
 public:
  Socket(const Socket&) = delete;
  virtual ~Socket() = default;

  bool is_open() const { return descriptor_.is_open(); }
  int fd() { return descriptor_.native_handle(); }
  void run_deferred() {
    deferred_ = false;
    on_deferred();
  }

  IoResult receive(char* to, std::size_t size);
  IoResult send(std::span<iovec> pieces);

 protected:
  explicit Socket(Loop::Impl& loop) : loop_(loop), descriptor_(loop.context.get_executor()) {}

  // False: the reactor cannot take it (out of memory or of watches); the descriptor is closed.
  bool attach(os::UniqueFd fd);
  void close();

  // One callback each; asking again while one is due changes nothing.
  void watch_readable();
  void watch_writable();
  void watch_hangup();  // both directions closed, or reset
  void unwatch_readable() { wants_readable_ = false; }

  // Asks for one on_deferred() at the end of this turn.
  void defer() {
    if (deferred_) return;
    deferred_ = true;
    loop_.defer(*this);
  }

  virtual void on_readable() = 0;
  virtual void on_writable() {}
  virtual void on_hangup() {}
  virtual void on_deferred() {}

  Loop::Impl& loop_;

 private:
  boost::asio::posix::basic_stream_descriptor<Loop::Impl::Executor> descriptor_;
  bool wants_readable_ = false;
  bool waits_readable_ = false;
  bool waits_writable_ = false;
  bool waits_hangup_ = false;
  bool deferred_ = false;
};

}  // namespace tidegate::http
