#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace tidegate::image {

// Lets one caller per key work while the others wait for its result. Thread-safe.
class SingleFlight {
  struct Flight;

 public:
  // Whether a caller has no use for the result any more; asked on any thread. Empty: it always has.
  using IsCancelled = std::function<bool()>;

  // Held by the caller who works; ends the flight with `failure` or success when it dies.
  class Turn {
   public:
    Turn(SingleFlight& owner, std::string key, std::shared_ptr<Flight> flight);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();
    void set_result(Result<> result) { result_ = std::move(result); }
    // Whether nobody, of those who ask for the key, has wanted the result for that long: whoever
    // takes the place of a caller comes a moment after it. To be asked again and again.
    bool is_given_up(MonoTime now, Milliseconds grace);

   private:
    SingleFlight& owner_;
    std::string key_;
    std::shared_ptr<Flight> flight_;
    std::optional<MonoTime> unwanted_since_;
    Result<> result_ = fail(Code::cancelled, "the work was given up");
  };

  // A turn if nobody works on `key`, else nullptr: then wait() gives what the other one made of it.
  std::unique_ptr<Turn> try_begin(const std::string& key, const IsCancelled& is_cancelled);
  // Blocks until nobody works on `key`, or the caller is cancelled (Code::cancelled). The result of
  // the flight that was waited for; success if there was none, or if it was given up just then: it
  // is the caller's turn to begin.
  Result<> wait(const std::string& key, const IsCancelled& is_cancelled);

 private:
  struct Flight {
    bool done = false;
    Result<> result;
    std::map<int, IsCancelled> askers;  // who wants it
    int last_asker = 0;
  };

  std::mutex mutex_;
  std::condition_variable done_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;  // guarded by mutex_
};

}  // namespace tidegate::image
