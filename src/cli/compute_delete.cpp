#include "cli/output.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

class ComputeDelete final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--name", "NAME", "name of the target", name_).required();
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    Api api(context);
    std::string path = "computes/" + fetch::escaped(*name_);
    TIDEGATE_TRY(auto response, api.send({.method = "DELETE", .url = workspace(path)}));
    if (!response.ok()) return Api::failure(response, "the deletion");
    print(context.console, Json{{"name", *name_}}, common.format);
    return {};
  }

 private:
  std::optional<std::string> name_;
};

}  // namespace

const Command kComputeDelete = {
    .path = "computetarget delete",
    .purpose = "Removes a compute target that no service uses.",
    .usage = "-n NAME",
    .example = "tidegate computetarget delete -n myaks",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ComputeDelete>(); }};

}  // namespace tidegate::cli
