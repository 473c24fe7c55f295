// Certificates, as libcurl wants them, and its TLS errors in words.
#pragma once

#include <curl/curl.h>

#include <optional>
#include <string_view>

#include "fetch/client.h"

namespace tidegate::fetch {

void set_tls(CURL* curl, const Tls& tls);

// nullopt: `code` with libcurl's `reason` is not about TLS. `place` is "https://host:port".
std::optional<Error> explain_tls(CURLcode code, std::string_view reason, const Tls& tls,
                                 std::string_view place);

}  // namespace tidegate::fetch
