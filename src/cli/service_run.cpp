#include <fmt/format.h>

#include "cli/config_file.h"
#include "cli/service_result.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

// What the router or the scoring server said, in a line: "503 queue_full: ...".
std::string refusal_of(const fetch::Response& response) {
  Result<Json> body = parse_json(response.body, "reply");
  std::string reason = body ? text_or(*body, "reason", "") : "";
  std::string message = body && body->is_object() ? text_or(*body, "message", "") : "";
  if (message.empty())
    message = response.body.empty() ? "without a body" : response.body.substr(0, 4000);
  return fmt::format("the service answered {}{}{}: {}", response.status, reason.empty() ? "" : " ",
                     reason, message);
}

// The router, not the service, has answered: it has nobody to hand the request to.
bool is_nobody_there(const fetch::Response& response) {
  Result<Json> body = parse_json(response.body, "reply");
  std::string reason = body ? text_or(*body, "reason", "") : "";
  return reason == "unknown_service" || reason == "no_replica";
}

std::string hint_of(int status, const std::string& name) {
  if (status == 500 || status == 502) {
    return fmt::format("\nhint: `tidegate service get-logs -n {}` shows the traceback", name);
  }
  if (status == 503 || status == 504) {
    return fmt::format("\nhint: `tidegate service show -n {}` shows the state of its replicas",
                       name);
  }
  return "";
}

class ServiceRun final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--name", "NAME", "name of the service", name_).required();
    flags.text("-d,--input-data", "TEXT", "the body of the request, or @FILE", data_).required();
  }

  // Prints the reply as it came: run()'s value as JSON.
  Result<> run(Context& context, const CommonFlags& common) override {
    TIDEGATE_TRY(std::string body, read_body(context));
    Api api(context);
    TIDEGATE_TRY(Json service, get_service(api, *name_));
    std::string uri = text_or(service, "scoringUri", "");
    if (uri.empty()) {
      return fail(Code::unavailable, fmt::format("{} has no address yet: its state is {}", *name_,
                                                 text_or(service, "state", "unknown")));
    }
    if (text_or(service, "state", "") == "Failed") return nobody(api, "");
    fetch::Request request{.method = "POST",
                           .url = uri,
                           .headers = {{"Content-Type", "application/json"}},
                           .body = std::move(body),
                           .timeout = Milliseconds(0)};  // the router's own limits end it
    TIDEGATE_TRY_VOID(add_key(api, service, request));
    auto answered = context.http.send(request);
    if (!answered && answered.error().code == Code::cancelled) {
      return std::unexpected(answered.error());
    }
    if (!answered) return nobody(api, answered.error().message + "\n");
    const fetch::Response& response = *answered;
    if (!response.ok()) {
      if (is_nobody_there(response)) return nobody(api, refusal_of(response) + "\n");
      return fail(code_from_http(response.status),
                  refusal_of(response) + hint_of(response.status, *name_));
    }
    if (common.format != Format::none) context.console.result(response.body);
    return {};
  }

 private:
  // Nothing of the service has answered: how it stands with it says more.
  std::unexpected<Error> nobody(Api& api, const std::string& before) const {
    std::string stands = how_it_stands(api, *name_);
    std::string hint = fmt::format(
        "hint: `tidegate service show -n {}` follows its state, `tidegate service "
        "get-logs -n {}` shows what it printed",
        *name_, *name_);
    return fail(Code::unavailable,
                fmt::format("{}{}{}", before, stands.empty() ? "" : stands + "\n", hint));
  }

  Result<std::string> read_body(const Context& context) const {
    if (!data_->starts_with('@')) return *data_;
    domain::Complaints complaints;
    std::string name = data_->substr(1);
    auto text =
        read_text((context.folder / name).lexically_normal(), name, "-d/--input-data", complaints);
    if (text) return std::move(*text);
    return std::unexpected(complaints.as_result().error());
  }

  Result<> add_key(Api& api, const Json& service, fetch::Request& request) const {
    const Json* asks = find_member(service, "authEnabled");
    if (asks != nullptr && *asks == Json(false)) return {};
    TIDEGATE_TRY(Json keys,
                 api.post(management(service_path(*name_) + "/listkeys"), Json::object()));
    request.headers.emplace_back("Authorization", "Bearer " + text_or(keys, "primaryKey", ""));
    return {};
  }

  std::optional<std::string> name_, data_;
};

}  // namespace

const Command kServiceRun = {
    .path = "service run",
    .purpose = "Sends one scoring request and prints the answer.",
    .usage = "-n NAME -d BODY",
    .example =
        "tidegate service run -n myservice -d '{\"data\": [[1, 2, 3]]}'\n"
        "tidegate service run -n myservice -d @request.json",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ServiceRun>(); }};

}  // namespace tidegate::cli
