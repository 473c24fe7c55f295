#include <fmt/format.h>

#include "cli/follow.h"
#include "cli/output.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

class ComputeDetach final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--name", "NAME", "name of the target", name_).required();
    flags.toggle("--force",
                 "also if objects of services are in the namespace, or the cluster is away",
                 is_forced_);
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    Api api(context);
    std::string path = fmt::format("computes/{}/detach{}", fetch::escaped(*name_),
                                   is_forced_ ? "?force=true" : "");
    TIDEGATE_TRY(auto response, api.send({.method = "POST", .url = workspace(path)}));
    if (!response.ok()) return Api::failure(response, "the detachment");
    std::string operation = response.header("Azure-AsyncOperation").value_or("");
    operation = operation.substr(operation.rfind('/') + 1);
    if (response.status == 202 && !operation.empty()) {
      TIDEGATE_TRY(
          [[maybe_unused]] Json done,
          follow(api, context, operation,
                 {.what = fmt::format("the detachment of {}", *name_),
                  .said = {},
                  .how_to_go_on = fmt::format("tidegate computetarget show -n {}", *name_)}));
    }
    print(context.console, Json{{"name", *name_}}, common.format);
    return {};
  }

 private:
  std::optional<std::string> name_;
  bool is_forced_ = false;
};

}  // namespace

const Command kComputeDetach = {
    .path = "computetarget detach",
    .purpose = "Takes out of a cluster what attach installed, and forgets the target.",
    .usage = "-n NAME",
    .example = "tidegate computetarget detach -n myaks",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ComputeDetach>(); }};

}  // namespace tidegate::cli
