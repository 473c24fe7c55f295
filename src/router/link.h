#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "http/loop.h"
#include "http/stream.h"
#include "os/file.h"
#include "table/message.h"

namespace tidegate::router {

// The router's end of the link to control: says hello, takes tables in, reports what became of
// them. Connects again for ever; while control is down nothing else is affected. Belongs to the
// hub's thread.
class Link final : private http::StreamHandler {
 public:
  class Owner {
   public:
    virtual void on_table(table::Table table) = 0;
    virtual std::uint64_t applied_version() const = 0;  // 0: none
    virtual std::vector<std::string> all_drained() const = 0;

   protected:
    ~Owner() = default;
  };

  Link(http::Loop& loop, const os::Path& socket, std::string router_id, Owner& owner);

  void start() { client_.start(); }
  // All cores decide by the applied table.
  void report_applied();
  void report_drained(std::vector<std::string> replica_ids);

 private:
  void on_open(http::StreamId id) override;
  void on_bytes(http::StreamId id, std::string_view bytes) override;
  void on_closed(http::StreamId id) override;
  void send(const table::FromRouter& message);

  Owner& owner_;
  const std::string router_id_;
  bool open_ = false;
  // Whether this connection has heard of everything that drained before it was made.
  bool told_all_drained_ = false;
  table::Unframer<table::FromControl> unframer_;
  http::StreamClient client_;
};

}  // namespace tidegate::router
