#include "cli/service_result.h"

#include <fmt/format.h>

#include "cli/output.h"
#include "cli/shapes.h"

namespace tidegate::cli {

std::string service_path(std::string_view name) {
  return "services/" + fetch::escaped(name);
}

Result<Json> get_service(Api& api, std::string_view name) {
  return api.get(management(service_path(name) + "?expand=true"));
}

Result<> show_service(Api& api, Context& context, const CommonFlags& common,
                      std::string_view name) {
  TIDEGATE_TRY(Json service, get_service(api, name));
  print(context.console, common.verbose ? service : short_service(service), common.format,
        {"name", "updatedAt", "state", "scoringUri"});
  return {};
}

Result<> preflight(Api& api, std::string_view query, const Json& body) {
  TIDEGATE_TRY(Json reply, api.post(management(fmt::format("services/validate{}", query)), body));
  const Json* error = find_member(reply, "error");
  if (error == nullptr) return {};
  std::string message = message_of(*error);
  if (message.empty()) return {};
  if (message.find("ignoreDockerSteps") != std::string::npos ||
      message.find("baseDockerfile") != std::string::npos) {
    message += "\nhint: --ignore-docker-steps deploys without running the Docker steps";
  }
  return fail(Code::invalid, std::move(message));
}

std::unexpected<Error> with_next_step(Api& api, const Error& error, std::string_view name) {
  bool is_whole = error.code == Code::cancelled || error.code == Code::unavailable ||
                  error.code == Code::conflict;
  if (is_whole) return std::unexpected(error);
  auto service = get_service(api, name);
  std::string state = service ? text_or(*service, "state", "") : "";
  bool serves_on = !state.empty() && state != "Failed";
  std::string hint =
      serves_on
          ? fmt::format(
                "the version before serves on; `tidegate service show -n {}` shows this error too",
                name)
          : fmt::format(
                "put right what is named above and run the command again; nothing was left behind, "
                "and "
                "`tidegate service show -n {}` shows this error again",
                name);
  return fail(error.code, fmt::format("{}\nhint: {}", error.message, hint));
}

std::string how_it_stands(Api& api, std::string_view name) {
  auto service = get_service(api, name);
  if (!service) return "";
  std::string state = text_or(*service, "state", "unknown");
  std::string text = fmt::format("{} is {}", name, state);
  const Json* error = find_member(*service, "error");
  if (error != nullptr && !error->is_null()) text += ": " + message_of(*error);
  std::string operation = text_or(*service, "operationId", "");
  if (state != "Transitioning" || operation.empty()) return text;
  auto change = api.get(management("operations/" + operation));
  const Json* own = change ? find_member(*change, "tidegate") : nullptr;
  std::string waits = own == nullptr ? "" : text_or(*own, "waitingFor", "");
  return waits.empty() ? text : fmt::format("{}: {}", text, waits);
}

}  // namespace tidegate::cli
