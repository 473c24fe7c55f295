#include "scoring/ids.h"

#include "base/ids.h"
#include "scoring/messages.h"

namespace tidegate::scoring {
namespace {
constexpr std::size_t kIdMaxChars = 100;
}

IdsFound find_ids(const http::RequestHead& head, Random& random, std::string_view made) {
  std::optional<std::string_view> request_id, client_id, legacy_id;
  IdsFound found;
  for (const http::HeaderView& header : head.headers) {
    auto first_of = [&](std::string_view name, std::optional<std::string_view>& value) {
      if (!value && http::equal_names(header.name, name)) value = header.value;
    };
    first_of("x-request-id", request_id);
    first_of("x-ms-client-request-id", client_id);
    first_of("x-ms-request-id", legacy_id);
    if (http::equal_names(header.name, "traceid")) found.ids.trace_id = header.value;
  }
  if (request_id && request_id->size() > kIdMaxChars) {
    found.complaint = kRequestIdTooLong;
    return found;
  }
  RequestIds& ids = found.ids;
  ids.request_id = request_id ? *request_id : made;
  if (!request_id && made.empty()) ids.request_id = random_uuid4(random);
  ids.legacy_header_used = legacy_id && !legacy_id->empty();
  std::string_view client = client_id.value_or("");
  std::string_view legacy = legacy_id.value_or("");
  if (client.empty()) client = legacy;
  if (legacy.empty()) legacy = client.empty() ? std::string_view(ids.request_id) : client;
  if (client.size() > kIdMaxChars || legacy.size() > kIdMaxChars) {
    found.complaint = kClientIdTooLong;
    return found;
  }
  ids.client_request_id = client;
  ids.legacy_id = legacy;
  return found;
}

}  // namespace tidegate::scoring
