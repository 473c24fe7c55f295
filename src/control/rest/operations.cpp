#include "store/operations.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "control/rest/operation_json.h"
#include "control/rest/route.h"
#include "control/rest/signature.h"
#include "control/rest/workspace_path.h"
#include "control/targets.h"

namespace tidegate::control {
namespace {

std::string operation_path(Context& context, const Request& request, const std::string& id) {
  return fmt::format("/modelmanagement/v1.0{}/operations/{}",
                     workspace_path(*context.store.db, request.workspace), id);
}

ErrorBody unknown(const std::string& id) {
  return {"NotFound",
          404,
          fmt::format("there is no operation {}", id),
          {{"OperationNotFound", fmt::format("there is no operation {}", id), id}}};
}

void get_operation(Context& context, Request request, Responder responder) {
  auto found = store::find_operation(*context.store.db, request.param("id"));
  if (!found) return responder.fail(found.error());
  if (!*found) return responder.fail(unknown(request.param("id")));
  responder.send(200, operation_json(context, request, **found));
}

// Entries joined by '#', as the platform's clients read them. They add the length of what they got,
// in characters, to the offset: so each byte must be one character, and a '#' in an entry none.
std::string as_stream(std::string text) {
  for (char& c : text) {
    if (c == '#') c = ' ';
    if (c == '\n') c = '#';
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return text;
}

void get_log(Context& context, Request request, Responder responder) {
  const std::string& id = request.param("id");
  auto found = store::find_operation(*context.store.db, id);
  if (!found) return responder.fail(found.error());
  if (!*found) return responder.fail(unknown(id));
  std::uint64_t offset = 0;
  std::string given = request.query_value("offset");
  std::from_chars(given.data(), given.data() + given.size(), offset);
  auto text = context.store.logs.read(id, offset);
  if (!text) return responder.fail(text.error());
  bool as_lines = request.query_value("format") == "lines";
  responder.send_text(as_lines ? std::move(*text) : as_stream(std::move(*text)));
}

constexpr Route kRoutes[] = {
    {"GET", "/modelmanagement/v1.0{WS}/operations/{id}", get_operation},
    {"GET", "/modelmanagement/v1.0{WS}/operations/{id}/log", get_log, BodyKind::none,
     Access::signed_uri},
};

}  // namespace

std::string operation_url(Context& context, const Request& request, const std::string& id) {
  return request.base_url + operation_path(context, request, id);
}

Json operation_json(Context& context, const Request& request,
                    const store::StoredOperation& stored) {
  const domain::Operation& operation = stored.operation;
  bool is_over = domain::is_final(operation.state);
  std::string log_path = operation_path(context, request, operation.id) + "/log";
  std::string log_url = fmt::format("{}{}?sig={}", request.base_url, log_path,
                                    signature_of(context.signing_key, log_path));
  std::string waits = is_over ? "" : context.targets.waiting_for(operation.id);
  WallTime until = is_over ? operation.ended : context.clock.wall();
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(until - operation.created);
  Json error = nullptr;
  // While what failed is cleared away, the operation is not over yet, but its error is known.
  if (auto parsed = parse_json(operation.error, "error"); parsed) error = std::move(*parsed);
  return Json{{"id", operation.id},
              {"state", domain::state_name(operation.state)},
              {"createdTime", format_iso(operation.created)},
              {"endTime", is_over ? Json(format_iso(operation.ended)) : Json(nullptr)},
              {"error", std::move(error)},
              {"operationType", operation.kind},
              {"resourceLocation", operation.service_name},
              {"operationDetails", {{"subOperationType", operation.step}}},
              {"operationLog", log_url},
              {"streamingOperationLog", log_url},
              {"tidegate",
               {{"waitingFor", std::move(waits)},
                {"secondsElapsed", seconds.count()},
                {"warnings", stored.warnings}}}};
}

std::span<const Route> operation_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
