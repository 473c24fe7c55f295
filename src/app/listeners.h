#pragma once

#include <vector>

#include "app/data_dir.h"
#include "base/error.h"
#include "http/address.h"
#include "os/fd.h"

namespace tidegate::app {

// The sockets that must never close while children come and go.
struct Listeners {
  std::vector<os::UniqueFd> scoring;  // one per core, SO_REUSEPORT
  std::vector<os::UniqueFd> api;      // the unix socket, then TCP if asked for
  os::UniqueFd link;                  // where routers meet control
  http::Address scoring_address;      // with the real port
  http::Address api_tcp_address;      // port 0: none
};

struct ListenRequest {
  http::Address scoring;
  http::Address api_tcp;  // only with want_api_tcp
  bool want_api_tcp = false;
  unsigned cores = 1;
};

// Error: taken port or socket, by name of the flag that chose it.
Result<Listeners> open_listeners(const DataDir& data, const ListenRequest& request);

}  // namespace tidegate::app
