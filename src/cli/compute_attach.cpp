#include <cstdlib>

#include <fmt/format.h>

#include "cli/config_file.h"
#include "cli/deploy_input.h"
#include "cli/follow.h"
#include "cli/kubeconfig.h"
#include "cli/output.h"
#include "cli/shapes.h"
#include "cli/verb.h"
#include "domain/names.h"

namespace tidegate::cli {
namespace {

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

// What is known of one registry, by flags.
struct RegistryFlags {
  std::optional<std::string> address, user, password_file;
  bool is_plain_http = false;
};

class ComputeAttach final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Flags");
    flags.text("-n,--name", "NAME", "name of the target: 3 to 24 letters, digits and '-'", name_)
        .required();
    flags.text("--kubeconfig", "FILE",
               "cluster and user: its current context (default: variable KUBECONFIG)", kubeconfig_);
    flags.text("--namespace", "NAME", "where routers and services live (default azureml-default)",
               namespace_);
    flags.text("--cluster-purpose", "NAME", "FastProd: three routers (default); DevTest: one",
               purpose_);
    flags.text("--service-type", "TYPE",
               "how clients reach the routers: NodePort (default) or LoadBalancer", service_type_);
    flags.text("--agent-image", "NAME",
               "image of routers (default: REGISTRY/tidegate/agent:VERSION)", agent_image_);
    flags.text("--default-base-image", "NAME", "for environments that name no base image",
               base_image_);
    flags.text("--node-cache-gb", "N", "what a node keeps of models and source (default: 20)",
               node_cache_gb_);
    flags.text("--model-data-claim", "NAME",
               "PersistentVolumeClaim of the namespace that collected model data go to "
               "(default: none, nothing can be collected)",
               model_data_claim_);
    flags.toggle("--dry-run", "print what would be applied, as YAML; nothing is asked or changed",
                 dry_run_);
    flags.toggle("--no-wait", "return when everything is checked and the work has begun", no_wait_);
    declare_registries(flags);
    flags.group("Flags of old scripts");
    flags.accepted("-i,--compute-resource-id", "ID",
                   "the kubeconfig says which cluster it is; ignored");
    flags.accepted("--load-balancer-subnet", "NAME", "set by the cluster; ignored");
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    domain::Complaints complaints;
    domain::check_compute_name(*name_, complaints);
    complaints.relabel("name", "-n/--name");
    Json body = body_of(context, complaints);
    TIDEGATE_TRY_VOID(settle(complaints, /*strict=*/false, context.console));
    Api api(context);
    fetch::Request request{.method = "PUT",
                           .url = workspace("computes/" + fetch::escaped(*name_)),
                           .body = to_text(body)};
    if (!dry_run_) {
      context.console.say("checking the cluster and the registry");
      request.timeout = Milliseconds(180'000);  // some sixty questions to the API server
    }
    TIDEGATE_TRY(auto response, api.send(std::move(request)));
    if (!response.ok()) return Api::failure(response, "the attachment");
    TIDEGATE_TRY(Json answer, parse_json(response.body, "the reply"));
    if (dry_run_) {
      context.console.result(text_or(answer, "manifests", ""));
      return {};
    }
    return finish(api, context, common, response, std::move(answer));
  }

 private:
  void declare_registries(FlagSet& flags) {
    flags.group("Registries");
    flags.text("--registry", "HOST:PORT[/PATH]",
               "for images, models and code; reached from here and from the nodes (default: "
               "variable TIDEGATE_REGISTRY)",
               registry_.address);
    flags.toggle("--registry-plain-http", "it speaks no TLS", registry_.is_plain_http);
    flags.text("--registry-user", "NAME", "its user (default: nobody)", registry_.user);
    flags.text("--registry-password-file", "FILE", "the user's password is in there",
               registry_.password_file);
    flags.text("--global-registry", "HOST:PORT[/PATH]",
               "where finished images of environments are looked for too", global_.address);
    flags.toggle("--global-registry-plain-http", "it speaks no TLS", global_.is_plain_http);
    flags.text("--global-registry-user", "NAME", "its user (default: nobody)", global_.user);
    flags.text("--global-registry-password-file", "FILE", "the user's password is in there",
               global_.password_file);
  }

  Result<> finish(Api& api, Context& context, const CommonFlags& common,
                  const fetch::Response& response, Json compute) {
    std::string operation = response.header("Azure-AsyncOperation").value_or("");
    operation = operation.substr(operation.rfind('/') + 1);
    if (!no_wait_ && !operation.empty()) {
      TIDEGATE_TRY(
          [[maybe_unused]] Json done,
          follow(api, context, operation,
                 {.what = fmt::format("the attachment of {}", *name_),
                  .said = {},
                  .how_to_go_on = fmt::format("tidegate computetarget show -n {}", *name_)}));
      TIDEGATE_TRY(compute, api.get(computes("/" + fetch::escaped(*name_))));
    }
    print(context.console, common.verbose ? full_compute(compute) : short_compute(compute),
          common.format);
    return {};
  }

  Json body_of(const Context& context, domain::Complaints& complaints) const {
    Json own = Json::object();
    auto file = kubeconfig_ ? kubeconfig_ : variable("KUBECONFIG");
    if (file && !dry_run_) {
      if (auto text = read_kubeconfig(*file, context.folder, complaints)) own["kubeconfig"] = *text;
    }
    if (!file && !dry_run_) {
      complaints.add("--kubeconfig", "is missing, and the variable KUBECONFIG is not set");
    }
    if (namespace_) own["namespace"] = *namespace_;
    if (service_type_) own["serviceType"] = *service_type_;
    RegistryFlags registry = registry_;
    if (!registry.address) registry.address = variable("TIDEGATE_REGISTRY");
    if (!registry.address) {
      complaints.add("--registry", "is missing, and the variable TIDEGATE_REGISTRY is not set");
    }
    own["registry"] = registry_json(registry, "--registry", context, complaints);
    if (global_.address) {
      own["globalRegistry"] = registry_json(global_, "--global-registry", context, complaints);
    }
    if (agent_image_) own["agentImage"] = *agent_image_;
    if (base_image_) own["defaultBaseImage"] = *base_image_;
    if (node_cache_gb_) own["nodeCacheGb"] = *node_cache_gb_;
    if (model_data_claim_) own["modelDataClaim"] = *model_data_claim_;
    if (dry_run_) own["dryRun"] = true;
    Json inner = Json::object();
    if (purpose_) inner["clusterPurpose"] = *purpose_;
    return Json{{"location", "kubernetes"},
                {"properties",
                 {{"computeType", "Kubernetes"},
                  {"properties", std::move(inner)},
                  {"tidegate", std::move(own)}}}};
  }

  static Json registry_json(const RegistryFlags& given, const std::string& flag,
                            const Context& context, domain::Complaints& complaints) {
    Json out = Json::object();
    if (given.address) out["address"] = *given.address;
    if (given.is_plain_http) out["plainHttp"] = true;
    if (given.user) out["user"] = *given.user;
    if (given.user && !given.password_file) {
      complaints.add(flag + "-password-file", "is missing, though there is a user");
    }
    if (!given.password_file) return out;
    auto text = read_text((context.folder / *given.password_file).lexically_normal(),
                          *given.password_file, flag + "-password-file", complaints);
    while (text && (text->ends_with('\n') || text->ends_with('\r'))) text->pop_back();
    if (text) out["password"] = *text;
    return out;
  }

  std::optional<std::string> name_, kubeconfig_, namespace_, purpose_, service_type_, agent_image_,
      base_image_, node_cache_gb_, model_data_claim_;
  RegistryFlags registry_, global_;
  bool dry_run_ = false;
  bool no_wait_ = false;
};

std::unique_ptr<Verb> make_attach() {
  return std::make_unique<ComputeAttach>();
}

}  // namespace

const Command kComputeAttachKubernetes = {
    .path = "computetarget attach kubernetes",
    .purpose = "Makes a compute target of a cluster: routers are installed in a namespace of it.",
    .usage = "-n NAME [--kubeconfig FILE] [--registry HOST:PORT]",
    .example =
        "tidegate computetarget attach kubernetes -n myaks --kubeconfig kubeconfig "
        "--registry registry.example:5000",
    .make = make_attach};

const Command kComputeAttachAks = {
    .path = "computetarget attach aks",
    .purpose = "The same, for old scripts.",
    .usage = "-n NAME [--kubeconfig FILE] [--registry HOST:PORT]",
    .example =
        "tidegate computetarget attach aks -n myaks --kubeconfig kubeconfig "
        "--registry registry.example:5000",
    .make = make_attach};

}  // namespace tidegate::cli
