#include "router/link.h"

#include <unistd.h>

#include "base/log.h"

namespace tidegate::router {
namespace {

http::Address unix_address(const os::Path& socket) {
  return {.kind = http::Address::Kind::unix_socket, .host = {}, .port = 0, .path = socket.string()};
}

}  // namespace

Link::Link(http::Loop& loop, const os::Path& socket, std::string router_id, Owner& owner)
    : owner_(owner),
      router_id_(std::move(router_id)),
      client_(loop, unix_address(socket), *this, {}) {}

void Link::on_open(http::StreamId) {
  log(Level::info, "control_connected", {{"table", owner_.applied_version()}});
  open_ = true;
  told_all_drained_ = false;
  unframer_ = {};
  send(table::Hello{.router_id = router_id_,
                    .pid = static_cast<std::uint32_t>(::getpid()),
                    .table_version = owner_.applied_version()});
}

void Link::on_bytes(http::StreamId, std::string_view bytes) {
  unframer_.feed(bytes);
  for (;;) {
    table::FromControl message;
    Result<bool> more = unframer_.next(message);
    if (!more) {
      log(Level::error, "control_sent_garbage", {{"error", more.error().message}});
      open_ = false;
      return client_.reconnect();
    }
    if (!*more) return;
    owner_.on_table(std::get<table::Table>(std::move(message)));
  }
}

void Link::on_closed(http::StreamId) {
  log(Level::warning, "control_gone", {{"table", owner_.applied_version()}});
  open_ = false;
}

// A replica that this process never knew needs no word: that it is in no applied table and in no
// list of drained ones proves that nothing is in flight. So the first report after connecting names
// all that are remembered, also if there are none.
void Link::report_applied() {
  if (!open_) return;
  send(table::Applied{.table_version = owner_.applied_version()});
  if (told_all_drained_) return;
  told_all_drained_ = true;
  send(table::Drained{.replica_ids = owner_.all_drained()});
}

void Link::report_drained(std::vector<std::string> replica_ids) {
  if (!open_ || !told_all_drained_) return;  // the next report_applied() names them
  send(table::Drained{.replica_ids = std::move(replica_ids)});
}

void Link::send(const table::FromRouter& message) {
  client_.write(table::frame(message));
}

}  // namespace tidegate::router
