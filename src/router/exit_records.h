#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/loop.h"

namespace tidegate::router {

// How replicas ended, from the files in which that is told (table::Replica::exit_record). Whoever
// hears of an end by a closed connection is a few milliseconds ahead of the file, so it is waited
// for. Belongs to the hub's thread: it reads files, which no core may.
class ExitRecords {
 public:
  // nullopt: nothing was told in time.
  using Told = std::function<void(const std::optional<std::string>& text)>;

  // The file is looked for until the time limit; a file that cannot be read, or is no record, is
  // not there yet.
  static constexpr Milliseconds kTimeLimit{300};

  explicit ExitRecords(http::Loop& loop) : loop_(loop), timer_(loop) {}
  // `told` is called once, maybe before this returns.
  void ask(const std::string& path, Told told);

 private:
  struct Awaited {
    MonoTime deadline;
    std::vector<Told> askers;
  };
  void look_again();

  http::Loop& loop_;
  http::Timer timer_;
  std::map<std::string, Awaited> awaited_;  // by path
};

// The member `text` of such a file.
std::optional<std::string> read_exit_record(const std::string& path);

}  // namespace tidegate::router
