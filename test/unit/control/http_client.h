#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "os/file.h"

namespace tidegate::control {

struct Answer {
  int status = 0;  // 0: nobody answered
  std::string head;
  std::string body;

  Json json() const;
  std::string header(std::string_view name) const;  // empty if absent
};

using Headers = std::vector<std::pair<std::string, std::string>>;

// One request on a connection of its own, over a unix socket.
Answer ask(const os::Path& socket, const std::string& method, const std::string& target,
           const std::string& body = {}, const Headers& headers = {});

}  // namespace tidegate::control
