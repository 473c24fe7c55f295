#include <algorithm>

#include <fmt/format.h>

#include "cli/deploy_input.h"
#include "cli/follow.h"
#include "cli/service_result.h"
#include "cli/upload.h"
#include "cli/verb.h"
#include "domain/settings.h"

namespace tidegate::cli {
namespace {

using domain::Complaints;

Json replaced(std::string path, Json value) {
  return Json{{"op", "replace"}, {"path", std::move(path)}, {"value", std::move(value)}};
}

// "a/b" as one segment of a JSON pointer.
std::string pointer_segment(const std::string& text) {
  std::string out;
  for (char c : text) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

class ServiceUpdate final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Most used");
    flags.text("-n,--name", "NAME", "name of the service", name_).required();
    flags_.declare_files(flags);
    flags.texts("-m,--model", "NAME:VERSION", "the models that it has from now on", flags_.models);
    flags.group("Other flags");
    flags.toggle("--no-wait", "return as soon as the server has accepted it", flags_.no_wait);
    flags.toggle("--strict", "treat warnings as errors", flags_.strict);
    flags.texts("-f,--model-metadata-file", "FILE",
                "a model, by the file that `model register -t` wrote", flags_.model_metadata);
    flags.texts("--add-tag,--tag", "KEY=VALUE", "set a tag", add_tags_);
    flags.texts("--remove-tag", "KEY", "remove a tag", remove_tags_);
    flags.texts("--add-property,--property", "KEY=VALUE", "add a property", flags_.properties);
    flags.text("-d,--description", "TEXT", "what it is", description_);
    flags_.declare_settings(flags);
    flags_.declare_image(flags);
    flags_.declare_foreign(flags);
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    Api api(context);
    TIDEGATE_TRY(Json service, get_service(api, *name_));
    Complaints complaints;
    Json patch = settings_patch(context, complaints);
    add_metadata(service, patch, complaints);
    TIDEGATE_TRY_VOID(add_workload(service, context, common, patch, complaints));
    if (patch.empty() && complaints.empty()) {
      complaints.add("", "No parameters provided to update. See `tidegate service update --help`");
    }
    TIDEGATE_TRY_VOID(settle(complaints, flags_.strict, context.console));
    warnings_ = complaints.warnings();
    if (workload_) TIDEGATE_TRY_VOID(send_code(api, context, patch));
    return update(api, context, common, patch);
  }

 private:
  // Only what is given: the rest stays.
  Json settings_patch(Context& context, Complaints& complaints) const {
    Json patch = Json::array();
    auto deployment = read_deployment(flags_, context, complaints);
    for (const domain::Setting& setting : domain::all_settings()) {
      const Json* value = domain::find_path(deployment.request, setting.request_path);
      if (value == nullptr) continue;
      std::string pointer = "/" + std::string(setting.request_path);
      std::ranges::replace(pointer, '.', '/');
      patch.push_back(replaced(pointer, *value));
    }
    return patch;
  }

  void add_metadata(const Json& service, Json& patch, Complaints& complaints) const {
    if (description_) patch.push_back(replaced("/description", *description_));
    for (const auto& [key, value] : read_pairs(flags_.properties, "--add-property", complaints)) {
      patch.push_back(
          {{"op", "add"}, {"path", "/properties/" + pointer_segment(key)}, {"value", value}});
    }
    if (add_tags_.empty() && remove_tags_.empty()) return;
    const Json* current = find_member(service, "kvTags");
    Json tags = current == nullptr ? Json::object() : *current;
    for (const auto& [key, value] : read_pairs(add_tags_, "--add-tag", complaints))
      tags[key] = value;
    for (const std::string& key : remove_tags_) {
      if (tags.erase(key) == 0)
        complaints.add("--remove-tag", fmt::format("the service has no tag {}", key));
    }
    patch.push_back(replaced("/kvTags", std::move(tags)));
  }

  // Code, environment, models: whatever is not given stays as the service has it.
  Result<> add_workload(const Json& service, Context& context, const CommonFlags& common,
                        Json& patch, Complaints& complaints) {
    std::vector<std::string> models = read_models(flags_, context, complaints);
    bool has_code = flags_.inference_config || !flags_.inference.empty();
    if (!has_code) {
      if (!models.empty()) patch.push_back(replaced("/environmentImageRequest/modelIds", models));
      return {};
    }
    const Json* current = find_member(service, "environmentImageRequest");
    const Json* environment = current == nullptr ? nullptr : find_member(*current, "environment");
    const Json* current_models = current == nullptr ? nullptr : find_member(*current, "modelIds");
    workload_ = read_workload(flags_, *name_, environment == nullptr ? Json() : *environment,
                              context, common, complaints);
    if (!workload_) return {};
    bool keeps_models = models.empty() && current_models != nullptr && current_models->is_array();
    for (std::size_t i = 0; keeps_models && i < current_models->size(); ++i) {
      models.push_back((*current_models)[i].get<std::string>());
    }
    patch.push_back(
        replaced("/environmentImageRequest", workload_request(*workload_, models, Json::array())));
    return {};
  }

  Result<> send_code(Api& api, Context& context, Json& patch) {
    TIDEGATE_TRY(Parcel parcel, pack_source(workload_->source, context));
    Json check{{"type", "Update"},
               {"serviceName", *name_},
               {"createRequest", nullptr},
               {"updateRequest", patch}};
    check["entryScript"] = {{"name", workload_->source.script.filename().string()},
                            {"text", workload_->source.text}};
    TIDEGATE_TRY_VOID(preflight(api, flags_.query(), check));
    TIDEGATE_TRY(patch.back()["value"]["assets"], send_source(api, context, parcel));
    return {};
  }

  Result<> update(Api& api, Context& context, const CommonFlags& common, const Json& patch) {
    const FollowOptions options{
        .what = fmt::format("the update of {}", *name_),
        .said = warnings_,
        .how_to_go_on = fmt::format("tidegate service show -n {}", *name_),
        .how_to_cancel = fmt::format("tidegate service update -n {} ...", *name_)};
    TIDEGATE_TRY(auto response, begin(api, context,
                                      {.method = "PATCH",
                                       .url = management(service_path(*name_) + flags_.query()),
                                       .headers = {{"Content-Type", "application/json-patch+json"}},
                                       .body = to_text(patch)},
                                      options));
    if (!response.ok()) return Api::failure(response, "the update");
    std::string operation = operation_of(response);
    if (operation.empty() || flags_.no_wait) return show_service(api, context, common, *name_);
    auto followed = follow(api, context, operation, options);
    if (!followed) return with_next_step(api, followed.error(), *name_);
    return show_service(api, context, common, *name_);
  }

  std::optional<std::string> name_, description_;
  std::vector<std::string> add_tags_, remove_tags_;
  DeployFlags flags_;
  std::optional<Workload> workload_;
  std::vector<domain::Complaint> warnings_;
};

}  // namespace

const Command kServiceUpdate = {
    .path = "service update",
    .purpose =
        "Changes a service without losing a request, and waits until the change is in force.",
    .usage = "-n NAME [-ic FILE] [-m MODEL:VERSION] [flags]",
    .example =
        "tidegate service update -n myservice -ic inferenceconfig.json\n"
        "tidegate service update -n myservice --num-replicas 2",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ServiceUpdate>(); }};

}  // namespace tidegate::cli
