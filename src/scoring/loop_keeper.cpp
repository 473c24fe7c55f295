#include "scoring/loop_keeper.h"

#include <utility>

#include "base/check.h"
#include "scoring/listening.h"

namespace tidegate::scoring {
namespace {

// After so many ticks without a give() the helper sleeps until the next.
constexpr int kQuietTicks = 8;
// For so many ticks the helper only looks in, so that the main thread finds the loop free. A main
// thread that is away for longer pays for a hand-over, and callers find the helper waiting for
// them.
constexpr int kLookInTicks = 8;

}  // namespace

LoopKeeper::LoopKeeper(http::Loop& loop, Milliseconds tick, Hooks hooks)
    : loop_(loop), tick_(tick), hooks_(std::move(hooks)) {}

LoopKeeper::~LoopKeeper() {
  TIDEGATE_CHECK(!helper_.joinable());
}

void LoopKeeper::start() {
  owner_ = Owner::helper;
  helper_ = start_loop_thread([this] { help(); });
}

bool LoopKeeper::change_owner(Owner from, Owner to) {
  return owner_.compare_exchange_strong(from, to);
}

void LoopKeeper::take() {
  if (change_owner(Owner::nobody, Owner::main)) return;
  asked_back_ = true;
  loop_.post([] {});  // ends the helper's wait
  while (!change_owner(Owner::nobody, Owner::main)) owner_.wait(Owner::helper);
  asked_back_ = false;
}

void LoopKeeper::give() {
  owner_ = Owner::nobody;
  // Sequentially consistent, as in sleep_until_given(): either we see that the helper sleeps, or it
  // sees that something was given.
  gives_.store(gives_.load(std::memory_order_relaxed) + 1);
  if (watching_.load()) return;
  std::lock_guard hold(mutex_);
  changed_.notify_one();
}

void LoopKeeper::end() {
  {
    std::lock_guard hold(mutex_);
    ending_ = true;
    changed_.notify_one();
  }
  if (helper_.joinable()) helper_.join();
}

void LoopKeeper::help() {
  serve_sockets();
  std::uint64_t seen = gives_.load();
  for (int quiet = 0, away = 0;;) {
    if (quiet >= kQuietTicks) {
      hooks_.on_quiet();
      if (!sleep_until_given(seen)) return;
      quiet = 0;
    }
    if (!sleep_a_tick()) return;
    const std::uint64_t given = gives_.load();
    // The same give as a tick ago: main has been away at least as long, if it is away.
    if (std::exchange(seen, given) != given) {
      quiet = away = 0;
    } else if (asked_back_.load() || !change_owner(Owner::nobody, Owner::helper)) {
      ++quiet;
    } else {
      take_overs_.fetch_add(1);
      hooks_.on_taken();
      quiet = 0;
      ++away <= kLookInTicks ? look_in() : serve_sockets();
    }
  }
}

// Until the loop is asked back.
void LoopKeeper::serve_sockets() {
  while (!asked_back_.load() && loop_.run_one()) {
  }
  hand_back();
}

void LoopKeeper::look_in() {
  while (!asked_back_.load() && loop_.poll_one()) {
  }
  hand_back();
}

void LoopKeeper::hand_back() {
  owner_ = Owner::nobody;
  owner_.notify_one();
}

bool LoopKeeper::sleep_a_tick() {
  std::unique_lock hold(mutex_);
  return !changed_.wait_for(hold, tick_, [this] { return ending_; });
}

bool LoopKeeper::sleep_until_given(std::uint64_t gives_seen) {
  std::unique_lock hold(mutex_);
  watching_ = false;
  changed_.wait(hold, [&] { return ending_ || gives_.load() != gives_seen; });
  watching_ = true;
  return !ending_;
}

}  // namespace tidegate::scoring
