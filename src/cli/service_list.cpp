#include "cli/model_find.h"
#include "cli/output.h"
#include "cli/shapes.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

class ServiceList final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-c,--compute-type", "TYPE", "only services of this type", compute_type_);
    flags.text("--model-name", "NAME", "only services with a version of this model", model_name_);
    flags.text("--model-id", "NAME:VERSION", "only services with this model", model_id_);
    flags.texts("--tag", "KEY[=VALUE]", "only services with this tag", tags_);
    flags.texts("--property", "KEY[=VALUE]", "only services with this property", properties_);
    flags.refused("--image-digest", "DIGEST", "services from images are not offered yet");
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    std::string query = "?expand=true";
    if (compute_type_) query += "&computeType=" + fetch::escaped(*compute_type_);
    if (model_name_) query += "&modelName=" + fetch::escaped(*model_name_);
    if (model_id_) query += "&modelId=" + fetch::escaped(*model_id_);
    if (!tags_.empty()) query += "&tags=" + filter_of(tags_);
    if (!properties_.empty()) query += "&properties=" + filter_of(properties_);
    Api api(context);
    TIDEGATE_TRY(Json services, api.list(management("services" + query)));
    Json rows = Json::array();
    for (const Json& service : services)
      rows.push_back(common.verbose ? service : short_service(service));
    print(context.console, rows, common.format, {"name", "updatedAt", "state", "scoringUri"});
    return {};
  }

 private:
  std::optional<std::string> compute_type_, model_name_, model_id_;
  std::vector<std::string> tags_, properties_;
};

}  // namespace

const Command kServiceList = {
    .path = "service list",
    .purpose = "Lists the services.",
    .usage = "[flags]",
    .example = "tidegate service list -o table",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ServiceList>(); }};

}  // namespace tidegate::cli
