#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "cli/deploy_input.h"
#include "cli/output.h"
#include "cli/shapes.h"
#include "cli/upload.h"
#include "cli/verb.h"
#include "domain/names.h"

namespace tidegate::cli {
namespace {

namespace fs = std::filesystem;
using domain::Complaints;

const std::vector<std::string_view> kFrameworks = {
    "Custom", "TensorFlow", "ScikitLearn", "Onnx", "TfKeras", "PyTorch", "Multi", "XGBoost"};
constexpr std::string_view kPathLabel = "-p/--model-path";

class ModelRegister final : public Verb {
 public:
  void declare(FlagSet& flags) override {
    flags.group("Most used");
    flags
        .text("-n,--name", "NAME", "name of the model; the same name again makes the next version",
              name_)
        .required();
    flags.text("-p,--model-path", "PATH", "a file, or a folder with all that is in it", path_)
        .required();
    flags.texts("--tag", "KEY=VALUE", "a tag", tags_);
    flags.text("-d,--description", "TEXT", "what it is", description_);
    flags.text("--model-framework", "NAME",
               "ScikitLearn, Onnx, XGBoost, TensorFlow: can be deployed without a script; PyTorch, "
               "TfKeras, Multi, Custom",
               framework_);
    flags.group("Other flags");
    flags.text("--model-framework-version", "VERSION",
               "version of the framework; a service without a script runs with it",
               framework_version_);
    flags.texts("--property", "KEY=VALUE", "a property; properties never change", properties_);
    flags.keyed("-cc,--cpu-cores", "N", "default CPU cores of services", "cpu", resources_);
    flags.keyed("-gb,--memory-gb", "GB", "default memory of services", "memoryInGB", resources_);
    flags.keyed("-gc,--gpu-cores", "N", "default GPUs of services", "gpu", resources_);
    flags.text("-t,--output-metadata-file", "FILE",
               "write the model's id to this file, for `model deploy -f`", metadata_);
    const std::string runs = "runs are not offered: give a local path with -p/--model-path";
    flags.refused("--asset-path", "PATH", runs);
    flags.refused("-r,--run-id", "ID", runs);
    flags.refused("--experiment-name", "NAME", runs);
    flags.refused("-f,--run-metadata-file", "FILE", runs);
    flags.accepted("--sample-input-dataset-id", "ID", "datasets are not offered; ignored");
    flags.accepted("--sample-output-dataset-id", "ID", "datasets are not offered; ignored");
  }

  Result<> run(Context& context, const CommonFlags& common) override {
    Complaints complaints;
    std::vector<Upload> files = check(context, complaints);
    Json body = body_of(complaints);
    TIDEGATE_TRY_VOID(settle(complaints, /*strict=*/false, context.console));

    Api api(context);
    std::string container = new_container(context);
    TIDEGATE_TRY_VOID(upload(api, context, container, files));
    TIDEGATE_TRY(std::string asset, create_asset(api, container, top_name(context)));
    body["url"] = "aml://asset/" + asset;
    TIDEGATE_TRY(Json model, api.post(management("models"), body));
    TIDEGATE_TRY_VOID(write_metadata(context, model));
    print(context.console, common.verbose ? model : short_model(model), common.format);
    return {};
  }

 private:
  os::Path local(Context& context) const {
    return (context.folder / path_.value_or("")).lexically_normal();
  }

  // "dir/" is dir.
  std::string top_name(Context& context) const {
    os::Path path = local(context);
    std::error_code error;
    if (!path.has_filename()) path = path.parent_path();
    std::string name = path.filename().string();
    return name == "." || name == ".." ? fs::canonical(path, error).filename().string() : name;
  }

  std::vector<Upload> check(Context& context, Complaints& complaints) const {
    Complaints named;
    domain::check_model_name(name_.value_or(""), named);
    named.relabel("name", "-n/--name");
    complaints.append(named);
    os::Path path = local(context);
    std::error_code error;
    fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
      complaints.add(std::string(kPathLabel),
                     fmt::format("{} is not there: looked for {}", *path_, path.string()));
      return {};
    }
    if (!fs::is_directory(status)) return {{.file = path, .path = top_name(context)}};
    return files_below(path, top_name(context), complaints);
  }

  static std::vector<Upload> files_below(const os::Path& folder, const std::string& top,
                                         Complaints& complaints) {
    std::vector<Upload> files;
    std::error_code error;
    for (fs::recursive_directory_iterator item(folder, error), end; !error && item != end;
         item.increment(error)) {
      std::error_code ignored;
      if (item->is_regular_file(ignored)) {
        files.push_back({.file = item->path(),
                         .path = top + "/" + item->path().lexically_relative(folder).string()});
      } else if (item->is_symlink(ignored)) {
        complaints.add(std::string(kPathLabel),
                       fmt::format("{} is a link to no file; put the files themselves there",
                                   item->path().string()));
      }
    }
    if (error)
      complaints.add(std::string(kPathLabel),
                     fmt::format("cannot read {}: {}", folder.string(), error.message()));
    if (files.empty())
      complaints.add(std::string(kPathLabel), fmt::format("{} holds no file", folder.string()));
    return files;
  }

  void check_framework(Complaints& complaints) const {
    if (framework_version_ && !framework_) {
      complaints.add("--model-framework-version",
                     "Model framework version cannot be provided without a valid framework: add "
                     "--model-framework");
    }
    if (!framework_) return;
    for (std::string_view known : kFrameworks) {
      if (*framework_ == known) return;
    }
    std::string_view near = domain::suggest(*framework_, kFrameworks);
    complaints.add("--model-framework",
                   fmt::format("unknown framework {}; {}", *framework_,
                               near.empty() ? std::string("Custom stands for all others")
                                            : fmt::format("did you mean {}?", near)));
  }

  Json resources(Complaints& complaints) const {
    Json out;
    for (const auto& [key, text] : resources_) {
      Result<Json> number = parse_json(text, key);
      if (number && number->is_number() && number->get<double>() >= 0) {
        out[key] = *number;
      } else {
        complaints.add(key == "cpu"   ? "-cc/--cpu-cores"
                       : key == "gpu" ? "-gc/--gpu-cores"
                                      : "-gb/--memory-gb",
                       fmt::format("must be a number, is \"{}\"", text));
      }
    }
    return out;
  }

  // Without `url`, which is known after the upload.
  Json body_of(Complaints& complaints) const {
    check_framework(complaints);
    Json body{{"name", name_.value_or("")},
              {"kvTags", read_pairs(tags_, "--tag", complaints)},
              {"properties", read_pairs(properties_, "--property", complaints)},
              {"description", description_.value_or("")},
              {"mimeType", "application/json"},
              {"unpack", false}};
    if (framework_) body["framework"] = *framework_;
    if (framework_version_) body["frameworkVersion"] = *framework_version_;
    if (Json needs = resources(complaints); !needs.is_null()) body["resourceRequirements"] = needs;
    return body;
  }

  Result<> write_metadata(Context& context, const Json& model) const {
    if (!metadata_) return {};
    Json text{{"modelId", text_or(model, "id", "")},
              {"workspaceName", "default"},
              {"resourceGroupName", "tidegate"}};
    return os::write_file_atomic(context.folder / *metadata_, to_pretty_text(text) + "\n");
  }

  std::optional<std::string> name_, path_, description_, framework_, framework_version_, metadata_;
  std::vector<std::string> tags_, properties_;
  std::map<std::string, std::string> resources_;
};

}  // namespace

const Command kModelRegister = {
    .path = "model register",
    .purpose = "Registers a file or folder as the next version of a model.",
    .usage = "-n NAME -p PATH [flags]",
    .example = "tidegate model register -n mymodel -p model.pkl --model-framework ScikitLearn",
    .make = []() -> std::unique_ptr<Verb> { return std::make_unique<ModelRegister>(); }};

}  // namespace tidegate::cli
