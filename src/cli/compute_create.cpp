#include <fmt/format.h>

#include "cli/deploy_input.h"
#include "cli/output.h"
#include "cli/shapes.h"
#include "cli/verb.h"
#include "domain/names.h"

namespace tidegate::cli {
namespace {

class ComputeCreate final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--name", "NAME", "name of the target: 3 to 24 letters, digits and '-'", name_)
        .required();
    flags.text("-a,--agent-count", "N", "kept for clients of the platform (default 3)", agents_);
    flags.text("-s,--vm-size", "SIZE", "kept for clients of the platform", size_);
    flags.text("-l,--location", "NAME", "kept for clients of the platform", location_);
    flags.text("--cluster-purpose", "NAME", "FastProd or DevTest; kept for clients of the platform",
               purpose_);
    for (const char* names :
         {"--service-cidr", "--dns-service-ip", "--docker-bridge-cidr", "--vnet-resourcegroup-name",
          "--vnet-name", "--subnet-name", "--load-balancer-type", "--load-balancer-subnet"}) {
      flags.accepted(names, "VALUE", "has no meaning on this machine; ignored");
    }
    flags.accepted("--no-wait", "", "the target is there at once anyway");
    for (const char* names :
         {"--ssl-cname", "--ssl-cert-file", "--ssl-key-file", "--ssl-leaf-domain-label"}) {
      flags.refused(names, "VALUE", "TLS is not offered yet");
    }
    flags.refused("--ssl-overwrite-domain", "", "TLS is not offered yet");
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    domain::Complaints complaints;
    domain::check_compute_name(*name_, complaints);
    complaints.relabel("name", "-n/--name");
    check_purpose(complaints);
    Json body = body_of(complaints);
    TIDEGATE_TRY_VOID(settle(complaints, /*strict=*/false, context.console));

    Api api(context);
    std::string path = "computes/" + fetch::escaped(*name_);
    TIDEGATE_TRY(auto existing, api.send({.url = computes("/" + fetch::escaped(*name_))}));
    if (existing.ok()) {
      return fail(Code::conflict, fmt::format("a compute target named {0} is there already\n"
                                              "hint: `tidegate computetarget show -n {0}` shows it",
                                              *name_));
    }
    TIDEGATE_TRY(auto response,
                 api.send({.method = "PUT", .url = workspace(path), .body = to_text(body)}));
    if (!response.ok()) return Api::failure(response, "the creation");
    TIDEGATE_TRY(Json compute, api.get(computes("/" + fetch::escaped(*name_))));
    context.console.say(
        fmt::format("{} is a process target: services run as processes on this machine, no cluster "
                    "was made{}",
                    *name_, isolation_of(compute)));
    print(context.console, common.verbose ? full_compute(compute) : short_compute(compute),
          common.format);
    return {};
  }

 private:
  static std::string isolation_of(const Json& compute) {
    const Json* properties = find_member(compute, "properties");
    const Json* tidegate = properties == nullptr ? nullptr : find_member(*properties, "tidegate");
    std::string isolation = tidegate == nullptr ? "" : text_or(*tidegate, "isolation", "");
    return isolation.empty() ? "" : "; isolation: " + isolation;
  }

  void check_purpose(domain::Complaints& complaints) const {
    if (!purpose_ || *purpose_ == "FastProd" || *purpose_ == "DevTest" || *purpose_ == "DenseProd")
      return;
    complaints.add("--cluster-purpose",
                   fmt::format("must be FastProd or DevTest, is \"{}\"", *purpose_));
  }

  Json body_of(domain::Complaints& complaints) const {
    Json inner = Json::object();
    if (agents_) {
      Result<Json> count = parse_json(*agents_, "");
      bool is_count = count && count->is_number_integer() && *count > 0;
      if (is_count) inner["agentCount"] = *count;
      if (!is_count)
        complaints.add("-a/--agent-count",
                       fmt::format("must be a whole number above 0, is \"{}\"", *agents_));
    }
    if (size_) inner["agentVmSize"] = *size_;
    if (purpose_) inner["clusterPurpose"] = *purpose_;
    return Json{{"location", location_.value_or("local")},
                {"properties", {{"computeType", "AKS"}, {"properties", inner}}}};
  }

  std::optional<std::string> name_, agents_, size_, location_, purpose_;
};

}  // namespace

const Command kComputeCreate = {
    .path = "computetarget create aks",
    .purpose = "Makes a compute target: a name under which services run as processes here.",
    .usage = "-n NAME",
    .example = "tidegate computetarget create aks -n myaks",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ComputeCreate>(); }};

}  // namespace tidegate::cli
