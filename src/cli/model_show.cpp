#include <fmt/format.h>

#include "cli/model_find.h"
#include "cli/output.h"
#include "cli/shapes.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

class ModelShow final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--model-name,--name", "NAME", "name of the model; its newest version", name_);
    flags.text("--version", "N", "another version than the newest", version_);
    flags.text("-i,--model-id", "NAME:VERSION", "id of the model, instead of name and version",
               id_);
    flags.refused("--run-id", "ID", "runs are not offered");
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    if (!id_ && !name_) {
      return fail(Code::invalid, "-n/--model-name: is required, or -i/--model-id");
    }
    Api api(context);
    TIDEGATE_TRY(Json model, find_model(api, id_, name_, version_));
    print(context.console, common.verbose ? model : short_model(model), common.format);
    return {};
  }

 private:
  std::optional<std::string> name_, version_, id_;
};

}  // namespace

Result<Json> find_model(Api& api, const std::optional<std::string>& id,
                        const std::optional<std::string>& name,
                        const std::optional<std::string>& version) {
  if (id || version) {
    std::string wanted = id ? *id : *name + ":" + *version;
    auto colon = wanted.rfind(':');
    // The colon stays as it is: it belongs to the id.
    std::string path = colon == std::string::npos ? fetch::escaped(wanted)
                                                  : fetch::escaped(wanted.substr(0, colon)) + ":" +
                                                        fetch::escaped(wanted.substr(colon + 1));
    return api.get(management("models/" + path));
  }
  TIDEGATE_TRY(Json models,
               api.list(management("models?latest=true&name=" + fetch::escaped(*name))));
  if (models.empty()) {
    return fail(
        Code::not_found,
        fmt::format("there is no model named {}\nhint: `tidegate model list` shows all", *name));
  }
  return models[0];
}

const Command kModelShow = {
    .path = "model show",
    .purpose = "Shows a registered model.",
    .usage = "-n NAME [--version N]",
    .example = "tidegate model show -n mymodel",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ModelShow>(); }};

}  // namespace tidegate::cli
