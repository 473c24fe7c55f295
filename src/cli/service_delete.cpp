#include <fmt/format.h>

#include "cli/follow.h"
#include "cli/output.h"
#include "cli/service_result.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

class ServiceDelete final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--name", "NAME", "name of the service", name_).required();
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    Api api(context);
    TIDEGATE_TRY(auto response,
                 api.send({.method = "DELETE", .url = management(service_path(*name_))}));
    if (response.status == 204) {
      return fail(Code::not_found, fmt::format("No service with name {} found to delete.", *name_));
    }
    if (!response.ok()) return Api::failure(response, "the deletion");
    if (std::string operation = operation_of(response); !operation.empty()) {
      TIDEGATE_TRY(Json done,
                   follow(api, context, operation,
                          {.what = fmt::format("the deletion of {}", *name_),
                           .how_to_go_on = fmt::format("tidegate service show -n {}", *name_)}));
    }
    print(context.console, Json{{"name", *name_}}, common.format);
    return {};
  }

 private:
  std::optional<std::string> name_;
};

}  // namespace

const Command kServiceDelete = {
    .path = "service delete",
    .purpose = "Removes a service; its models stay registered. Requests under way are finished.",
    .usage = "-n NAME",
    .example = "tidegate service delete -n myservice",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ServiceDelete>(); }};

}  // namespace tidegate::cli
