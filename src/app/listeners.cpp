#include "app/listeners.h"

#include <fmt/format.h>

#include "http/listen.h"

namespace tidegate::app {
namespace {

// With SO_REUSEPORT a second `serve` of the same user could share the port in silence; a socket
// without it tells whether the port is really free.
Result<> check_port_is_free(const http::Address& address) {
  auto probe = http::listen_on(address, {.reuse_port = false});
  if (probe) return {};
  if (probe.error().code != Code::conflict) return std::unexpected(probe.error());
  return fail(Code::conflict,
              fmt::format("--listen {}: the port is taken by another program; choose another one "
                          "with --listen ADDR:PORT",
                          address.text()));
}

Result<std::vector<os::UniqueFd>> open_scoring(http::Address& address, unsigned cores) {
  if (address.port != 0) TIDEGATE_TRY_VOID(check_port_is_free(address));
  std::vector<os::UniqueFd> fds;
  for (unsigned core = 0; core < cores; ++core) {
    TIDEGATE_TRY(os::UniqueFd fd, http::listen_on(address, {.reuse_port = true}));
    if (core == 0) {
      TIDEGATE_TRY(address, http::local_address(fd.get()));
    }
    fds.push_back(std::move(fd));
  }
  return fds;
}

http::Address unix_address(const os::Path& path) {
  return {.kind = http::Address::Kind::unix_socket, .host = {}, .path = path.string()};
}

}  // namespace

Result<Listeners> open_listeners(const DataDir& data, const ListenRequest& request) {
  Listeners out;
  out.scoring_address = request.scoring;
  TIDEGATE_TRY(out.scoring, open_scoring(out.scoring_address, request.cores));
  TIDEGATE_TRY(os::UniqueFd api, http::listen_on(unix_address(data.api_socket()), {}));
  out.api.push_back(std::move(api));
  if (request.want_api_tcp) {
    auto tcp = http::listen_on(request.api_tcp, {});
    if (!tcp) return fail_at("--api", tcp.error());
    TIDEGATE_TRY(out.api_tcp_address, http::local_address(tcp->get()));
    out.api.push_back(std::move(*tcp));
  }
  TIDEGATE_TRY(out.link, http::listen_on(unix_address(data.link_socket()), {}));
  return out;
}

}  // namespace tidegate::app
