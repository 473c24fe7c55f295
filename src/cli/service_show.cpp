#include "cli/service_result.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

class ServiceShow final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--name", "NAME", "name of the service", name_).required();
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    Api api(context);
    return show_service(api, context, common, *name_);
  }

 private:
  std::optional<std::string> name_;
};

}  // namespace

const Command kServiceShow = {
    .path = "service show",
    .purpose = "Shows a service: address, state, replicas, if it asks for a key, the last error.",
    .usage = "-n NAME [-v]",
    .example = "tidegate service show -n myservice -v",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ServiceShow>(); }};

}  // namespace tidegate::cli
