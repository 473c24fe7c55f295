// What the parts of http/ share about a loop. Not for other folders.
#pragma once

#include <array>
#include <ctime>
#include <optional>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "http/loop.h"
#include "http/timer_queue.h"
#include "os/real_clock.h"

namespace tidegate::http {

class Socket;

struct Loop::Impl {
  using Executor = boost::asio::io_context::executor_type;
  using SteadyTimer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

  Impl();

  MonoTime now() const;
  void schedule(TimerNode& node, MonoTime when);
  // Runs socket.on_deferred() at the end of this turn; outside of a turn, in one of its own.
  void defer(Socket& socket);
  void end_turn();
  // "Tue, 24 Nov 2026 10:29:56 GMT", for the Date header.
  std::string_view http_date();

  os::RealClock clock;
  TimerQueue timers;  // before the context: tasks that die with it may own timers
  // BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO: as 1 (one thread runs), and without mutexes around the
  // reactor's descriptors; post() and stop() keep theirs.
  boost::asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  boost::asio::executor_work_guard<Executor> work{context.get_executor()};
  SteadyTimer driver{context.get_executor()};
  std::vector<boost::intrusive_ptr<Socket>>
      deferred;  // after the context, which sockets need to die
  MonoTime driver_armed_for = MonoTime::max();

  bool in_turn = false;
  mutable std::optional<MonoTime> turn_time;

  // Bytes just received, valid until the callback returns to the loop: saves a buffer per
  // connection.
  std::array<char, 64UL << 10> scratch;
  std::array<char, 64UL << 10> send_scratch;  // for bytes on their way out; may be needed meanwhile

 private:
  void arm_driver();
  void on_driver();

  std::time_t date_second_ = 0;
  MonoTime date_valid_until_ = MonoTime::min();
  std::array<char, 32> date_text_{};
};

// One callback from the reactor. Every entry into our code opens one; they do not nest.
class Turn {
 public:
  explicit Turn(Loop::Impl& loop) : loop_(loop) { loop_.in_turn = true; }
  Turn(const Turn&) = delete;
  ~Turn() { loop_.end_turn(); }

 private:
  Loop::Impl& loop_;
};

// A time limit that moves all the time and rarely runs out. Moving it later, or clearing it, is one
// store: the queue keeps the earlier entry, and on_time() looks whether it still matters.
class Deadline final : private TimerNode {
 public:
  class Owner {
   public:
    virtual void on_deadline(const Deadline& which) = 0;

   protected:
    ~Owner() = default;
  };

  Deadline(Loop::Impl& loop, Owner& owner) : loop_(loop), owner_(owner) {}
  void set(MonoTime when) {
    target_ = when;
    if (!is_queued() || when < this->when()) loop_.schedule(*this, when);
  }
  void clear() { target_ = MonoTime::max(); }

 private:
  void on_time() override {
    if (target_ == MonoTime::max()) return;
    if (target_ > loop_.now()) return loop_.schedule(*this, target_);
    target_ = MonoTime::max();
    owner_.on_deadline(*this);
  }

  Loop::Impl& loop_;
  Owner& owner_;
  MonoTime target_ = MonoTime::max();
};

}  // namespace tidegate::http
