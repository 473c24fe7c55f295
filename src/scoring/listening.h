// The sockets' side of a scoring server, whatever answers behind it: Server or BalancerServer.
#pragma once

#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "base/error.h"
#include "http/address.h"
#include "http/server.h"

namespace tidegate::scoring {

struct Listening {
  std::vector<http::Address> addresses;  // with the ports that the kernel chose
  std::vector<int> listeners;            // owned by the http::Server
};

// Makes `server` and binds it to all addresses. `error_reply`: http::ServerOptions.
Result<Listening> listen_on_all(std::optional<http::Server>& server, http::Loop& loop,
                                http::RequestHandler& handler,
                                const std::vector<http::Address>& addresses,
                                std::function<http::Reply(int, std::string_view)> error_reply);

// A thread for a loop. It takes no signals: they are the main thread's, where Python looks at them.
std::thread start_loop_thread(std::function<void()> run);

}  // namespace tidegate::scoring
