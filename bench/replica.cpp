// A stand-in for a replica that costs next to nothing: answers every request with a fixed 1 KiB
// body. Also writes the routing table that a router needs to reach it, so that the router is
// measured alone.
//
//   bench_replica --socket PATH --table PATH --key KEY --limit N

#include <csignal>
#include <map>
#include <string>

#include <fmt/format.h>

#include "http/listen.h"
#include "http/server.h"
#include "os/sha256.h"
#include "table/table_file.h"

namespace tidegate {
namespace {

class FixedAnswer final : public http::RequestHandler {
 public:
  void on_request(http::ServerCall& call) override {
    call.read_body({}, [this, &call](Result<http::Body>) { call.reply(reply_); });
  }

 private:
  http::Reply reply_{.status = 200,
                     .headers = {{"Content-Type", "application/json"}},
                     .body = std::string(1024, 'y')};
};

Result<> serve(std::map<std::string, std::string>& flags) {
  http::Address address{
      .kind = http::Address::Kind::unix_socket, .host = {}, .path = flags["--socket"]};
  TIDEGATE_TRY(auto listener, http::listen_on(address, {}));
  table::Table table{.version = 1, .services = {{.workspace = "default", .name = "bench"}}};
  table.services[0].key_sha256 = {os::sha256(flags["--key"])};
  table.services[0].versions = {{.id = "bench.1", .name = "v1"}};
  table::Version& version = table.services[0].versions[0];
  version.max_concurrent_per_replica = static_cast<std::uint32_t>(std::stoul(flags["--limit"]));
  version.replicas = {{.id = "r1", .address = address.text()}};
  TIDEGATE_TRY_VOID(table::write_table(flags["--table"], table));
  FixedAnswer handler;
  http::Loop loop;
  http::Server server(loop, handler, {.idle_timeout = Milliseconds(0)});
  TIDEGATE_TRY_VOID(server.add_listener(std::move(listener)));
  loop.run();
  return {};
}

}  // namespace
}  // namespace tidegate

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags{{"--limit", "64"}};
  for (int i = 1; i + 1 < argc; i += 2) flags[argv[i]] = argv[i + 1];
  auto served = tidegate::serve(flags);
  if (!served) fmt::print(stderr, "bench_replica: {}\n", served.error().message);
  return served ? 0 : 1;
}
