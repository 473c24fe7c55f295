#include "cli/output.h"
#include "cli/service_result.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

class ServiceGetKeys final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--name", "NAME", "name of the service", name_).required();
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    Api api(context);
    TIDEGATE_TRY(Json keys,
                 api.post(management(service_path(*name_) + "/listkeys"), Json::object()));
    print(context.console,
          Json{{"primaryKey", text_or(keys, "primaryKey", "")},
               {"secondaryKey", text_or(keys, "secondaryKey", "")}},
          common.format);
    return {};
  }

 private:
  std::optional<std::string> name_;
};

}  // namespace

const Command kServiceGetKeys = {
    .path = "service get-keys",
    .purpose = "Prints the two keys of a service; either opens it.",
    .usage = "-n NAME",
    .example = "tidegate service get-keys -n myservice",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ServiceGetKeys>(); }};

}  // namespace tidegate::cli
