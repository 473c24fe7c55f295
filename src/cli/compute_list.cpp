#include "cli/output.h"
#include "cli/shapes.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

class ComputeList final : public Verb {
 public:
  void declare(FlagSet&) override {}

  Result<> run(Context& context, const CommonFlags& common) override {
    Api api(context);
    TIDEGATE_TRY(Json targets, api.list(computes("")));
    bool is_wide = common.format == Format::json;
    Json rows = Json::array();
    for (const Json& target : targets)
      rows.push_back(is_wide ? full_compute(target) : compute_row(target));
    print(context.console, rows, common.format, {"name", "provisioningState", "kind"});
    return {};
  }
};

}  // namespace

const Command kComputeList = {
    .path = "computetarget list",
    .purpose = "Lists the compute targets.",
    .usage = "",
    .example = "tidegate computetarget list -o table",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ComputeList>(); }};

}  // namespace tidegate::cli
