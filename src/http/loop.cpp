#include "http/loop.h"

#include <boost/asio/post.hpp>

#include "http/loop_impl.h"
#include "http/socket.h"

namespace tidegate::http {

namespace asio = boost::asio;

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::run() {
  impl_->context.run();
}
bool Loop::run_one() {
  return impl_->context.run_one() > 0;
}
bool Loop::poll_one() {
  return impl_->context.poll_one() > 0;
}
void Loop::stop() {
  impl_->context.stop();
}
MonoTime Loop::now() const {
  return impl_->now();
}
asio::io_context& Loop::context() {
  return impl_->context;
}

void Loop::post(Task task) {
  asio::post(impl_->context, [impl = impl_.get(), task = std::move(task)]() mutable {
    Turn turn(*impl);
    task();
  });
}

Loop::Impl::Impl() = default;

MonoTime Loop::Impl::now() const {
  if (!in_turn) return clock.mono();
  if (!turn_time) turn_time = clock.mono();
  return *turn_time;
}

void Loop::Impl::end_turn() {
  // What runs here may defer more.
  for (std::size_t i = 0; i < deferred.size(); ++i) {
    boost::intrusive_ptr<Socket> socket = std::move(deferred[i]);
    socket->run_deferred();
  }
  deferred.clear();
  in_turn = false;
  turn_time.reset();
}

void Loop::Impl::defer(Socket& socket) {
  deferred.emplace_back(&socket);
  if (in_turn) return;
  asio::post(context, [this] { Turn turn(*this); });
}

void Loop::Impl::schedule(TimerNode& node, MonoTime when) {
  timers.schedule(node, when);
  if (when < driver_armed_for) arm_driver();
}

void Loop::Impl::arm_driver() {
  driver_armed_for = timers.earliest();
  driver.expires_at(driver_armed_for);
  driver.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // armed anew meanwhile
    on_driver();
  });
}

void Loop::Impl::on_driver() {
  Turn turn(*this);
  driver_armed_for = MonoTime::min();  // schedule() need not arm while we fire
  timers.fire(now());
  driver_armed_for = MonoTime::max();
  if (timers.earliest() != MonoTime::max()) arm_driver();
}

std::string_view Loop::Impl::http_date() {
  constexpr std::size_t kLength = 29;
  const MonoTime time = now();
  if (time >= date_valid_until_) {
    const WallTime wall = clock.wall();
    const std::time_t second = WallTime::clock::to_time_t(wall);
    if (second != date_second_) {
      std::tm parts{};
      gmtime_r(&second, &parts);
      strftime(date_text_.data(), date_text_.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
      date_second_ = second;
    }
    const WallTime next = WallTime::clock::from_time_t(second) + std::chrono::seconds(1);
    date_valid_until_ = time + std::chrono::duration_cast<MonoTime::duration>(next - wall);
  }
  return {date_text_.data(), kLength};
}

struct Timer::Impl final : TimerNode {
  explicit Impl(Loop::Impl& owner) : loop(owner) {}
  void on_time() override {
    Task run = std::move(task);  // it may destroy this timer
    run();
  }
  Loop::Impl& loop;
  Task task;
};

Timer::Timer(Loop& loop) : impl_(std::make_unique<Impl>(loop.impl())) {}
Timer::~Timer() = default;
Timer::Timer(Timer&&) noexcept = default;

void Timer::start(Milliseconds delay, Task task) {
  impl_->task = std::move(task);
  impl_->loop.schedule(*impl_, impl_->loop.now() + delay);
}

void Timer::cancel() {
  impl_->loop.timers.remove(*impl_);
  impl_->task = nullptr;
}

}  // namespace tidegate::http
