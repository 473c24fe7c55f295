#include "cli/output.h"
#include "cli/shapes.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

class ComputeShow final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--name", "NAME", "name of the target", name_).required();
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    Api api(context);
    TIDEGATE_TRY(Json target, api.get(computes("/" + fetch::escaped(*name_))));
    print(context.console, full_compute(target), common.format);
    return {};
  }

 private:
  std::optional<std::string> name_;
};

}  // namespace

const Command kComputeShow = {
    .path = "computetarget show",
    .purpose = "Shows a compute target.",
    .usage = "-n NAME",
    .example = "tidegate computetarget show -n myaks",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ComputeShow>(); }};

}  // namespace tidegate::cli
