#include <fmt/format.h>

#include "cli/service_result.h"
#include "cli/verb.h"

namespace tidegate::cli {
namespace {

class ServiceGetLogs final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--name", "NAME", "name of the service", name_).required();
    flags.text("-l,--num-lines", "N", "how many of the newest lines (default 5000)", lines_);
    flags.toggle("-i,--init", "the log of the deployment instead of the replicas' own", init_);
  }

  // The log itself, not JSON: it is for reading.
  Result<> run(Context& context, const CommonFlags& common) override {
    if (lines_->empty() || lines_->size() > 7 ||
        lines_->find_first_not_of("0123456789") != std::string::npos) {
      return fail(Code::invalid,
                  fmt::format("-l/--num-lines: must be a whole number, is \"{}\"", *lines_));
    }
    Api api(context);
    TIDEGATE_TRY(Json logs,
                 api.get(management(fmt::format("{}/logs?tail={}&init={}", service_path(*name_),
                                                *lines_, init_ ? "true" : "false"))));
    std::string content = text_or(logs, "content", "");
    if (common.format == Format::none) return {};
    if (content.empty()) {
      context.console.note(fmt::format("{} has written nothing yet", *name_));
    } else {
      context.console.result(content);
    }
    return {};
  }

 private:
  std::optional<std::string> name_;
  std::optional<std::string> lines_ = "5000";
  bool init_ = false;
};

}  // namespace

const Command kServiceGetLogs = {
    .path = "service get-logs",
    .purpose =
        "Prints what the replicas of a service have written, prints and tracebacks included.",
    .usage = "-n NAME [-l N]",
    .example = "tidegate service get-logs -n myservice -l 100",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ServiceGetLogs>(); }};

}  // namespace tidegate::cli
