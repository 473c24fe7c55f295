#include <fmt/format.h>

#include "cli/deploy_input.h"
#include "cli/follow.h"
#include "cli/service_result.h"
#include "cli/upload.h"
#include "cli/verb.h"
#include "domain/names.h"
#include "domain/no_code.h"

namespace tidegate::cli {
namespace {

using domain::Complaints;

class ModelDeploy final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Most used");
    flags
        .text("-n,--name", "NAME",
              "name of the service: 3 to 32 lower-case letters, digits and '-'", name_)
        .required();
    flags.texts("-m,--model", "NAME:VERSION", "a registered model", flags_.models);
    flags_.declare_files(flags);
    flags.text("-ct,--compute-target", "NAME",
               "where it runs (default: machine, which is this machine)", target_);
    flags.toggle("--overwrite", "replace a service of this name; its keys and address stay",
                 overwrite_);
    flags.group("Other flags");
    flags.toggle("--no-wait", "return as soon as the server has accepted it", flags_.no_wait);
    flags.toggle("--strict",
                 "treat warnings as errors: unknown keys, another Python than asked for",
                 flags_.strict);
    flags.texts("-f,--model-metadata-file", "FILE",
                "a model, by the file that `model register -t` wrote", flags_.model_metadata);
    flags.texts("--tag", "KEY=VALUE", "a tag", tags_);
    flags.texts("--property", "KEY=VALUE", "a property", flags_.properties);
    flags.text("-d,--description", "TEXT", "what it is", description_);
    flags_.declare_create(flags);
    flags_.declare_settings(flags);
    flags_.declare_image(flags);
    flags_.declare_foreign(flags);
    for (const char* names :
         {"-lo,--location", "-po,--port", "-dn,--dns-name-label", "--vault-base-url", "--key-name",
          "--key-version", "--vnet-name", "--subnet-name"}) {
      flags.accepted(names, "VALUE", "has no meaning on this machine; ignored");
    }
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    Complaints complaints;
    TIDEGATE_TRY(Json request, read(context, common, complaints));
    Api api(context);
    if (workload_) {
      TIDEGATE_TRY_VOID(check_and_send_source(api, context, request));
    } else {
      TIDEGATE_TRY_VOID(preflight(api, flags_.query(), check_of(request)));
    }
    return deploy(api, context, common, request);
  }

 private:
  Json check_of(const Json& request) const {
    return Json{{"type", "Create"},
                {"serviceName", *name_},
                {"createRequest", request},
                {"updateRequest", nullptr}};
  }

  Result<> check_and_send_source(Api& api, Context& context, Json& request) {
    // Packed before the first call: a link that leads out of the folder is found now.
    TIDEGATE_TRY(Parcel parcel, pack_source(workload_->source, context));
    Json check = check_of(request);
    check["entryScript"] = {{"name", workload_->source.script.filename().string()},
                            {"text", workload_->source.text}};
    TIDEGATE_TRY_VOID(preflight(api, flags_.query(), check));
    TIDEGATE_TRY(request["environmentImageRequest"]["assets"], send_source(api, context, parcel));
    return {};
  }

  // One registered model and no word of code: the server has a script for some frameworks.
  bool is_no_code() const { return !flags_.inference_config && flags_.inference.empty(); }

  Result<Json> read(Context& context, const CommonFlags& common, Complaints& complaints) {
    Complaints named;
    domain::check_service_name(*name_, named);
    named.relabel("name", "-n/--name");
    complaints.append(named);
    auto deployment = read_deployment(flags_, context, complaints);
    auto models = read_models(flags_, context, complaints);
    auto tags = read_pairs(tags_, "--tag", complaints);
    auto properties = read_pairs(flags_.properties, "--property", complaints);
    if (is_no_code()) {
      bool is_one = flags_.models.size() + flags_.model_metadata.size() == 1;
      if (!is_one)
        complaints.add(std::string(kInferenceLabel), std::string(domain::kNeedsOneModel));
    } else if (!flags_.inference_config && !flags_.inference.contains("entryScript")) {
      complaints.add(std::string(kInferenceLabel),
                     "is required (or -es/--entry-script with -cf/--conda-file)");
    } else {
      workload_ = read_workload(flags_, *name_, Json(), context, common, complaints);
    }
    TIDEGATE_TRY_VOID(settle(complaints, flags_.strict, context.console));
    warnings_ = complaints.warnings();

    Json request{{"name", *name_},
                 {"description", description_.value_or(workload_ ? workload_->description : "")},
                 {"kvTags", tags},
                 {"properties", properties},
                 {"computeType", "AKS"}};
    std::string target = target_.value_or(deployment.compute_target_name);
    if (!target.empty()) request["computeName"] = target;
    if (overwrite_) request["overwrite"] = true;
    request.update(deployment.request);
    request["environmentImageRequest"] = workload_
                                             ? workload_request(*workload_, models, Json::array())
                                             : Json{{"modelIds", models}};
    return request;
  }

  Result<> deploy(Api& api, Context& context, const CommonFlags& common, const Json& request) {
    const FollowOptions options{.what = fmt::format("the deployment of {}", *name_),
                                .said = warnings_,
                                .how_to_go_on = fmt::format("tidegate service show -n {}", *name_),
                                .how_to_cancel = how_to_cancel()};
    TIDEGATE_TRY(auto response, begin(api, context,
                                      {.method = "POST",
                                       .url = management("services" + flags_.query()),
                                       .body = to_text(request)},
                                      options));
    if (!response.ok()) return Api::failure(response, "the deployment");
    std::string operation = operation_of(response);
    if (operation.empty()) return fail(Code::internal, "the server named no operation to wait for");
    if (flags_.no_wait) {
      context.console.say(fmt::format("not waiting for operation {}", operation));
      return show_service(api, context, common, *name_);
    }
    auto followed = follow(api, context, operation, options);
    if (!followed) return with_next_step(api, followed.error(), *name_);
    return show_service(api, context, common, *name_);
  }

  // A service that was there before is not to go with its update.
  std::string how_to_cancel() const {
    return overwrite_ ? fmt::format("tidegate service update -n {} ...", *name_)
                      : fmt::format("tidegate service delete -n {}", *name_);
  }

  std::optional<std::string> name_, target_, description_;
  std::vector<std::string> tags_;
  bool overwrite_ = false;
  DeployFlags flags_;
  std::optional<Workload> workload_;
  std::vector<domain::Complaint> warnings_;
};

}  // namespace

const Command kModelDeploy = {
    .path = "model deploy",
    .purpose =
        "Makes a service of models and a score.py, or of a model alone; waits until Healthy.",
    .usage = "-n NAME -m MODEL:VERSION [-ic FILE] [-dc FILE] [flags]",
    .example =
        "tidegate model deploy -ct myaks -m mymodel:1 -n myservice -ic inferenceconfig.json "
        "-dc deploymentconfig.json\n"
        "tidegate model deploy -n myservice -m mymodel:1",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ModelDeploy>(); }};

}  // namespace tidegate::cli
