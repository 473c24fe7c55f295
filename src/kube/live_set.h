#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "kube/client.h"

namespace tidegate::kube {

// A live copy of one kind's objects (of a namespace and selector): list, then watch, for ever, on a
// thread of its own; after an error again with back-off (0.2 s ... 5 s). While the server is away
// the last state stays, and `age` says for how long. What client-go calls a reflector.
class LiveSet {
 public:
  // on_change is called on the set's thread after each change, and after the first list.
  LiveSet(Client& client, const Kind& kind, Where where, const Clock& clock,
          std::function<void()> on_change);
  ~LiveSet();  // stops; waits at most about a second
  LiveSet(const LiveSet&) = delete;

  using Objects = std::map<std::string, Json>;  // by metadata.name
  // nullptr until the first list has come.
  std::shared_ptr<const Objects> snapshot() const;  // any thread
  struct Health {
    bool is_connected = false;
    std::string error;  // of the last attempt, if it failed
    MonoTime since;     // of the present state
  };
  Health health() const;  // any thread

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::kube
