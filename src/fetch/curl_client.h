#pragma once

#include <memory>

#include "fetch/client.h"

namespace tidegate::fetch {

// Thread-safe: each call has a connection of its own while it runs, so a long one holds up nobody;
// connections are kept open for later calls. Proxies of the environment (http_proxy ...) are used
// for other machines only.
class CurlClient final : public Client {
 public:
  CurlClient();
  ~CurlClient() override;
  Result<Response> send(const Request& request) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::fetch
