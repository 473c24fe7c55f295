#pragma once

#include <memory>

#include "fetch/client.h"

namespace tidegate::fetch {

// Keeps its connection open between calls. One thread at a time. Follows no redirects; proxies of
// the environment (http_proxy ...) are used for other machines only.
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
