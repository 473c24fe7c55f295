#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "router/waiting_room.h"

namespace tidegate::router {

class Core;

// How a core reaches the others and the hub. Any thread.
class Peers {
 public:
  using CoreTask = std::move_only_function<void(Core&)>;

  // Runs on that core's thread, in order of posting. Dropped once the router has stopped.
  virtual void post_to_core(unsigned core, CoreTask task) = 0;
  virtual unsigned cores() const = 0;
  // The router's page, from the hub: Core::add_router_page(page, json) on that core.
  virtual void ask_router_page(unsigned core, std::uint64_t page) = 0;
  // How the replica ended, by its exit record: Core::deliver_exit(exchange, text) on that
  // exchange's core.
  virtual void ask_exit(const std::string& exit_record, ExchangeId exchange) = 0;
  // Lines of the access log, on their way to the file.
  virtual void write_access_lines(std::string lines) = 0;

 protected:
  ~Peers() = default;
};

}  // namespace tidegate::router
