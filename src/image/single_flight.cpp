#include "image/single_flight.h"

namespace tidegate::image {

SingleFlight::Turn::Turn(SingleFlight& owner, std::string key, std::shared_ptr<Flight> flight)
    : owner_(owner), key_(std::move(key)), flight_(std::move(flight)) {}

SingleFlight::Turn::~Turn() {
  std::lock_guard lock(owner_.mutex_);
  flight_->done = true;
  flight_->result = std::move(result_);
  owner_.flights_.erase(key_);
  owner_.done_.notify_all();
}

std::unique_ptr<SingleFlight::Turn> SingleFlight::try_begin(const std::string& key) {
  std::lock_guard lock(mutex_);
  auto [place, added] = flights_.try_emplace(key, nullptr);
  if (!added) return nullptr;
  place->second = std::make_shared<Flight>();
  return std::make_unique<Turn>(*this, key, place->second);
}

Result<> SingleFlight::wait(const std::string& key) {
  std::unique_lock lock(mutex_);
  auto found = flights_.find(key);
  if (found == flights_.end()) return {};
  std::shared_ptr<Flight> flight = found->second;
  done_.wait(lock, [&flight] { return flight->done; });
  return flight->result;
}

}  // namespace tidegate::image
