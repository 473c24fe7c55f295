#include "policy/admission_queue.h"

#include "base/check.h"

namespace tidegate::policy {

void AdmissionQueue::push_back(Id id, MonoTime deadline) {
  insert(order_.end(), id, deadline);
}

void AdmissionQueue::push_front(Id id, MonoTime deadline) {
  insert(order_.begin(), id, deadline);
}

void AdmissionQueue::insert(Position before, Id id, MonoTime deadline) {
  TIDEGATE_CHECK(!places_.contains(id));
  places_.emplace(id, order_.insert(before, Place{id, deadline}));
  deadlines_.emplace(deadline, id);
}

std::optional<AdmissionQueue::Id> AdmissionQueue::front() const {
  if (order_.empty()) return std::nullopt;
  return order_.front().id;
}

bool AdmissionQueue::remove(Id id) {
  auto found = places_.find(id);
  if (found == places_.end()) return false;
  deadlines_.erase({found->second->deadline, id});
  order_.erase(found->second);
  places_.erase(found);
  return true;
}

std::vector<AdmissionQueue::Id> AdmissionQueue::take_expired(MonoTime now) {
  std::vector<Id> expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const Id id = deadlines_.begin()->second;
    expired.push_back(id);
    remove(id);
  }
  return expired;
}

std::vector<std::pair<AdmissionQueue::Id, MonoTime>> AdmissionQueue::take_all() {
  std::vector<std::pair<Id, MonoTime>> all;
  all.reserve(order_.size());
  for (const Place& place : order_) all.emplace_back(place.id, place.deadline);
  order_.clear();
  places_.clear();
  deadlines_.clear();
  return all;
}

std::optional<MonoTime> AdmissionQueue::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

}  // namespace tidegate::policy
