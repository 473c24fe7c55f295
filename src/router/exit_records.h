#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/loop.h"

namespace tidegate::router {

// How replicas ended, from the records in which that is told (table::Replica::exit_record). Whoever
// hears of an end by a closed connection is ahead of the record, so it is waited for. Belongs to
// the hub's thread: records are read from files, which no core may.
class ExitRecords {
 public:
  // nullopt: nothing was told in time.
  using Told = std::function<void(const std::optional<std::string>& text)>;
  using Read = std::function<std::optional<std::string>(const std::string& record)>;

  // Records are looked for by `read` until the time limit.
  ExitRecords(http::Loop& loop, Read read, Milliseconds time_limit)
      : loop_(loop), read_(std::move(read)), time_limit_(time_limit), timer_(loop) {}
  // `told` is called once, maybe before this returns.
  void ask(const std::string& record, Told told);

 private:
  struct Awaited {
    MonoTime deadline;
    std::vector<Told> askers;
  };
  void look_again();

  http::Loop& loop_;
  const Read read_;
  const Milliseconds time_limit_;
  http::Timer timer_;
  std::map<std::string, Awaited> awaited_;  // by record
};

// Where records are files: the member `text`. A file that cannot be read, or is no record, is not
// there yet.
std::optional<std::string> read_exit_record(const std::string& path);

}  // namespace tidegate::router
