#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"

namespace tidegate::image {

// Lets one caller per key work while the others wait for its result. Thread-safe.
class SingleFlight {
  struct Flight;

 public:
  // Held by the caller who works; ends the flight with `failure` or success when it dies.
  class Turn {
   public:
    Turn(SingleFlight& owner, std::string key, std::shared_ptr<Flight> flight);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();
    void set_result(Result<> result) { result_ = std::move(result); }

   private:
    SingleFlight& owner_;
    std::string key_;
    std::shared_ptr<Flight> flight_;
    Result<> result_ = fail(Code::cancelled, "the work was given up");
  };

  // A turn if nobody works on `key`, else nullptr: then wait() gives what the other one made of it.
  std::unique_ptr<Turn> try_begin(const std::string& key);
  // Blocks until nobody works on `key`. The result of the flight that was waited for; success if
  // there was none.
  Result<> wait(const std::string& key);

 private:
  struct Flight {
    bool done = false;
    Result<> result;
  };

  std::mutex mutex_;
  std::condition_variable done_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;  // guarded by mutex_
};

}  // namespace tidegate::image
