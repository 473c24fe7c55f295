#include "image/single_flight.h"

#include <algorithm>

namespace tidegate::image {
namespace {

constexpr Milliseconds kAskPeriod{100};

bool says_yes(const SingleFlight::IsCancelled& is_cancelled) {
  return is_cancelled && is_cancelled();
}

}  // namespace

SingleFlight::Turn::Turn(SingleFlight& owner, std::string key, std::shared_ptr<Flight> flight)
    : owner_(owner), key_(std::move(key)), flight_(std::move(flight)) {}

SingleFlight::Turn::~Turn() {
  std::lock_guard lock(owner_.mutex_);
  flight_->done = true;
  flight_->result = std::move(result_);
  owner_.flights_.erase(key_);
  owner_.done_.notify_all();
}

bool SingleFlight::Turn::is_given_up(MonoTime now, Milliseconds grace) {
  std::lock_guard lock(owner_.mutex_);
  bool is_unwanted = std::ranges::all_of(flight_->askers,
                                         [](const auto& asker) { return says_yes(asker.second); });
  if (!is_unwanted) {
    unwanted_since_.reset();
    return false;
  }
  if (!unwanted_since_) unwanted_since_ = now;
  return now - *unwanted_since_ >= grace;
}

std::unique_ptr<SingleFlight::Turn> SingleFlight::try_begin(const std::string& key,
                                                            const IsCancelled& is_cancelled) {
  std::lock_guard lock(mutex_);
  auto [place, added] = flights_.try_emplace(key, nullptr);
  if (!added) return nullptr;
  place->second = std::make_shared<Flight>();
  place->second->askers.emplace(0, is_cancelled);
  return std::make_unique<Turn>(*this, key, place->second);
}

Result<> SingleFlight::wait(const std::string& key, const IsCancelled& is_cancelled) {
  std::unique_lock lock(mutex_);
  auto found = flights_.find(key);
  if (found == flights_.end()) return {};
  std::shared_ptr<Flight> flight = found->second;
  const int self = ++flight->last_asker;
  flight->askers.emplace(self, is_cancelled);
  while (!done_.wait_for(lock, kAskPeriod, [&flight] { return flight->done; })) {
    if (!says_yes(is_cancelled)) continue;
    flight->askers.erase(self);
    return fail(Code::cancelled, "nobody waits for the work any more");
  }
  const Result<>& result = flight->result;
  if (!result && result.error().code == Code::cancelled) return {};
  return result;
}

}  // namespace tidegate::image
