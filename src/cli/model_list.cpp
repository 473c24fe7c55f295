#include "cli/model_find.h"
#include "cli/output.h"
#include "cli/shapes.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

class ModelList final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--model-name,--name", "NAME", "only versions of this model", name_);
    flags.toggle("-l,--latest", "only the newest version of each", latest_);
    flags.texts("--tag", "KEY[=VALUE]", "only models with this tag", tags_);
    flags.texts("--property", "KEY[=VALUE]", "only models with this property", properties_);
    flags.refused("--run-id", "ID", "runs are not offered");
    flags.refused("--dataset-id", "ID", "datasets are not offered");
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    std::string query;
    if (name_) query += "&name=" + fetch::escaped(*name_);
    if (latest_) query += "&latest=true";
    if (!tags_.empty()) query += "&tags=" + filter_of(tags_);
    if (!properties_.empty()) query += "&properties=" + filter_of(properties_);
    if (!query.empty()) query[0] = '?';
    Api api(context);
    TIDEGATE_TRY(Json models, api.list(management("models" + query)));
    Json rows = Json::array();
    for (const Json& model : models) rows.push_back(common.verbose ? model : model_row(model));
    print(context.console, rows, common.format,
          {"name", "id", "version", "framework", "createdTime"});
    return {};
  }

 private:
  std::optional<std::string> name_;
  bool latest_ = false;
  std::vector<std::string> tags_, properties_;
};

}  // namespace

std::string filter_of(const std::vector<std::string>& pairs) {
  std::string filter;
  for (const std::string& pair : pairs) filter += (filter.empty() ? "" : ",") + pair;
  return fetch::escaped(filter);
}

const Command kModelList = {
    .path = "model list",
    .purpose = "Lists registered models.",
    .usage = "[flags]",
    .example = "tidegate model list -l -o table",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ModelList>(); }};

}  // namespace tidegate::cli
