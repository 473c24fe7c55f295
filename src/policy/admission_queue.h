#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace tidegate::policy {

// Who waits for a slot, first come first served, each up to its own deadline. Knows no requests,
// only their numbers; knows no clock, is told the time. All operations are at most logarithmic.
class AdmissionQueue {
 public:
  using Id = std::uint64_t;  // unique among those that wait

  void push_back(Id id, MonoTime deadline);
  // For one that had its turn and must have it again.
  void push_front(Id id, MonoTime deadline);

  std::optional<Id> front() const;
  // False: nobody of that number waits.
  bool remove(Id id);
  // Removes those whose deadline has come, the longest overdue first.
  std::vector<Id> take_expired(MonoTime now);
  // Removes all, in order.
  std::vector<std::pair<Id, MonoTime>> take_all();

  std::optional<MonoTime> next_deadline() const;
  std::size_t size() const { return order_.size(); }
  bool empty() const { return order_.empty(); }

 private:
  struct Place {
    Id id;
    MonoTime deadline;
  };
  using Position = std::list<Place>::iterator;

  void insert(Position before, Id id, MonoTime deadline);

  std::list<Place> order_;
  std::unordered_map<Id, Position> places_;
  std::set<std::pair<MonoTime, Id>> deadlines_;
};

}  // namespace tidegate::policy
