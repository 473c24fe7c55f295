#include "domain/no_code.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tidegate::domain {
namespace {

using Numbers = std::array<int, 3>;  // of a version: 1.0.2, 0.24 -> 0.24.0

// From a version of the framework on, up to the next row.
struct Row {
  Numbers from;
  std::string_view python;  // the minor that has wheels of all of it
  std::string_view package;
  std::string_view others;  // what it needs and what models may hold, pinned
};

// As `uv pip compile --only-binary :all:` resolves them on the row's Python.
constexpr Row kScikitLearn[] = {
    {{0, 22, 0},
     "3.8",
     "scikit-learn",
     "numpy==1.19.5 scipy==1.5.4 pandas==1.2.5 joblib==1.1.1 threadpoolctl==3.5.0 dill==0.4.0 "
     "python-dateutil==3.0.0 pytz==2026.6 six==1.17.0 tzdata==2026.6"},
    {{1, 0, 0},
     "3.9",
     "scikit-learn",
     "numpy==1.22.4 scipy==1.8.1 pandas==1.4.4 joblib==1.2.0 threadpoolctl==3.7.0 dill==0.4.1 "
     "python-dateutil==3.0.0 pytz==2026.6 six==1.17.0 tzdata==2026.6"},
    {{1, 1, 0},
     "3.10",
     "scikit-learn",
     "numpy==1.23.5 scipy==1.9.3 pandas==1.5.3 joblib==1.3.2 threadpoolctl==3.8.0 dill==0.4.1 "
     "python-dateutil==3.0.0 pytz==2026.6 six==1.17.0 tzdata==2026.6"},
    {{1, 2, 0},
     "3.11",
     "scikit-learn",
     "numpy==1.24.4 scipy==1.10.1 pandas==2.0.3 joblib==1.3.2 threadpoolctl==3.8.0 dill==0.4.1 "
     "python-dateutil==4.0.0 pytz==2026.6 tzdata==2026.6"},
    {{1, 3, 0},
     "3.11",
     "scikit-learn",
     "numpy==1.26.4 scipy==1.11.4 pandas==2.1.4 joblib==1.3.2 threadpoolctl==3.8.0 dill==0.4.1 "
     "python-dateutil==4.0.0 pytz==2026.6 tzdata==2026.6"},
    {{1, 4, 0},
     "3.11",
     "scikit-learn",
     "numpy==1.26.4 scipy==1.13.1 pandas==2.2.3 joblib==1.4.2 threadpoolctl==3.8.0 dill==0.4.1 "
     "python-dateutil==4.0.0 pytz==2026.6 tzdata==2026.6"},
    {{1, 5, 0},
     "3.11",
     "scikit-learn",
     "numpy==2.2.6 scipy==1.14.1 pandas==2.2.3 joblib==1.4.2 threadpoolctl==3.8.0 dill==0.4.1 "
     "python-dateutil==4.0.0 pytz==2026.6 tzdata==2026.6"},
    {{1, 6, 0},
     "3.11",
     "scikit-learn",
     "numpy==2.2.6 scipy==1.15.3 pandas==2.3.3 joblib==1.5.3 threadpoolctl==3.8.0 dill==0.4.1 "
     "python-dateutil==4.0.0 pytz==2026.6 tzdata==2026.6"},
    {{1, 7, 0},
     "3.11",
     "scikit-learn",
     "numpy==2.3.5 scipy==1.16.3 pandas==2.3.3 joblib==1.5.3 threadpoolctl==3.8.0 dill==0.4.1 "
     "python-dateutil==4.0.0 pytz==2026.6 tzdata==2026.6"},
    {{1, 8, 0},
     "3.11",
     "scikit-learn",
     "numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 joblib==1.6.0 threadpoolctl==3.8.0 dill==0.4.1 "
     "cloudpickle==3.1.3 narwhals==2.29.0 python-dateutil==4.0.0 tzdata==2026.6"},
};

// The estimators of its interface for scikit-learn need that. xgboost-cpu is xgboost without what
// only a GPU needs, and is there from 2.1.1 on.
constexpr Row kXgboost[] = {
    {{1, 0, 0},
     "3.9",
     "xgboost",
     "numpy==1.22.4 scipy==1.8.1 pandas==1.4.4 scikit-learn==1.0.2 joblib==1.2.0 "
     "threadpoolctl==3.7.0 python-dateutil==3.0.0 pytz==2026.6 six==1.17.0 tzdata==2026.6"},
    {{1, 6, 0},
     "3.10",
     "xgboost",
     "numpy==1.23.5 scipy==1.9.3 pandas==1.5.3 scikit-learn==1.1.3 joblib==1.3.2 "
     "threadpoolctl==3.8.0 python-dateutil==3.0.0 pytz==2026.6 six==1.17.0 tzdata==2026.6"},
    {{1, 7, 0},
     "3.11",
     "xgboost",
     "numpy==1.24.4 scipy==1.10.1 pandas==2.0.3 scikit-learn==1.2.2 joblib==1.3.2 "
     "threadpoolctl==3.8.0 python-dateutil==4.0.0 pytz==2026.6 tzdata==2026.6"},
    {{2, 0, 0},
     "3.11",
     "xgboost",
     "numpy==1.26.4 scipy==1.11.4 pandas==2.1.4 scikit-learn==1.3.2 joblib==1.3.2 "
     "threadpoolctl==3.8.0 python-dateutil==4.0.0 pytz==2026.6 tzdata==2026.6"},
    {{2, 1, 0},
     "3.11",
     "xgboost",
     "numpy==1.26.4 scipy==1.13.1 pandas==2.2.3 scikit-learn==1.4.2 joblib==1.4.2 "
     "threadpoolctl==3.8.0 nvidia-nccl-cu12==2.32.3 python-dateutil==4.0.0 pytz==2026.6 "
     "tzdata==2026.6"},
    {{2, 1, 1},
     "3.11",
     "xgboost-cpu",
     "numpy==2.2.6 scipy==1.14.1 pandas==2.2.3 scikit-learn==1.5.2 joblib==1.4.2 "
     "threadpoolctl==3.8.0 python-dateutil==4.0.0 pytz==2026.6 tzdata==2026.6"},
    {{3, 0, 0},
     "3.11",
     "xgboost-cpu",
     "numpy==2.2.6 scipy==1.15.3 pandas==2.3.3 scikit-learn==1.6.1 joblib==1.5.3 "
     "threadpoolctl==3.8.0 python-dateutil==4.0.0 pytz==2026.6 tzdata==2026.6"},
    {{3, 1, 0},
     "3.11",
     "xgboost-cpu",
     "numpy==2.3.5 scipy==1.16.3 pandas==2.3.3 scikit-learn==1.7.2 joblib==1.5.3 "
     "threadpoolctl==3.8.0 python-dateutil==4.0.0 pytz==2026.6 tzdata==2026.6"},
    {{3, 2, 0},
     "3.11",
     "xgboost-cpu",
     "numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 scikit-learn==1.9.1 joblib==1.6.0 "
     "threadpoolctl==3.8.0 cloudpickle==3.1.3 narwhals==2.29.0 python-dateutil==4.0.0 "
     "tzdata==2026.6"},
    {{3, 3, 0},
     "3.12",
     "xgboost-cpu",
     "numpy==2.5.5 scipy==1.18.1 pandas==3.1.1 scikit-learn==1.9.1 joblib==1.6.0 "
     "threadpoolctl==3.8.0 cloudpickle==3.1.3 narwhals==2.29.0 python-dateutil==4.0.0 "
     "tzdata==2026.6"},
};

constexpr Row kOnnx[] = {
    {{0, 0, 0},
     "3.11",
     "onnxruntime",
     "numpy==2.4.6 flatbuffers==25.12.19 packaging==26.3 protobuf==7.36.2"},
};

constexpr Row kTensorFlow[] = {
    {{2, 21, 0},
     "3.11",
     "tensorflow-cpu",
     "absl-py==2.5.1 astunparse==1.6.3 certifi==2026.10.19.post1 charset-normalizer==3.5.3 "
     "flatbuffers==25.12.19 gast==0.7.0 google-pasta==0.2.0 grpcio==1.85.3 h5py==3.14.0 "
     "idna==3.20 keras==3.15.1 libclang==18.1.1 markdown-it-py==4.3.0 mdurl==0.1.2 "
     "ml-dtypes==0.6.0 namex==0.1.0 numpy==2.4.6 opt-einsum==3.4.0 optree==0.20.0 "
     "packaging==26.4 protobuf==7.36.2 pygments==2.21.0 requests==2.34.2 rich==15.0.0 "
     "setuptools==84.2.1 six==1.17.0 termcolor==3.3.0 typing-extensions==4.16.0 "
     "urllib3==2.8.0 wheel==0.48.0 wrapt==2.5.2"},
};

// Which version of the library reads a model.
enum class ReadBy {
  same,   // the one that wrote it
  newer,  // that one; if there are no packages of it any more, the usual one does
  usual,  // the usual one: the model's version is that of the format, of which it reads all
};

struct Framework {
  std::string_view name;     // as registered
  std::string_view library;  // as people call it
  std::string_view usual_version;
  ReadBy read_by;
  std::span<const Row> rows;
};

constexpr Framework kFrameworks[] = {
    {"Onnx", "onnxruntime", "1.32.0", ReadBy::usual, kOnnx},
    {"ScikitLearn", "scikit-learn", "1.9.1", ReadBy::same, kScikitLearn},
    {"TensorFlow", "tensorflow", "2.21.0", ReadBy::newer, kTensorFlow},
    {"XGBoost", "xgboost", "3.2.0", ReadBy::same, kXgboost},
};

const Framework* find_framework(std::string_view name) {
  auto found = std::ranges::find(kFrameworks, name, &Framework::name);
  return found == std::end(kFrameworks) ? nullptr : &*found;
}

// "1.0.2rc1" -> {1, 0, 2}; nullopt: no version.
std::optional<Numbers> numbers_of(std::string_view version) {
  bool is_word = std::ranges::all_of(version, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '+' || c == '-' || c == '!' || c == '_';
  });
  Numbers numbers{};
  const char* at = version.data();
  const char* end = at + version.size();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    auto [next, error] = std::from_chars(at, end, numbers[i]);
    bool is_number = error == std::errc{} && numbers[i] >= 0;
    if (!is_number && i == 0) return std::nullopt;
    if (!is_number) break;
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  return is_word ? std::optional(numbers) : std::nullopt;
}

std::string text_of(const Numbers& numbers) {
  return numbers[2] == 0 ? fmt::format("{}.{}", numbers[0], numbers[1])
                         : fmt::format("{}.{}.{}", numbers[0], numbers[1], numbers[2]);
}

// As Python prints them: the message is the SDK's.
std::string python_list(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::string_view name : names) text += fmt::format("{}'{}'", text.empty() ? "" : ", ", name);
  return "[" + text + "]";
}

std::string about_framework(const Model& model) {
  return fmt::format(
      "You must provide an InferenceConfig when deploying a model with model_framework set to {}. "
      "Default environments are only provided for these frameworks: {}. Register {} again with "
      "--model-framework, or deploy it with -ic/--inference-config-file",
      model.framework.empty() ? "None" : model.framework, python_list(no_code_frameworks()),
      model.id());
}

const Row* find_row(const Framework& framework, const Model& model, const std::string& version,
                    std::string_view where, Complaints& complaints) {
  auto numbers = numbers_of(version);
  if (!numbers) {
    complaints.add(
        std::string(where),
        fmt::format("model {} was registered with --model-framework-version \"{}\", which is no "
                    "version of {}; register it again with one such as {}",
                    model.id(), version, framework.library, framework.usual_version));
    return nullptr;
  }
  const Row* row = nullptr;
  for (const Row& candidate : framework.rows) {
    if (candidate.from <= *numbers) row = &candidate;
  }
  if (row != nullptr) return row;
  complaints.add(
      std::string(where),
      fmt::format("model {} was registered with --model-framework-version {}, but {} "
                  "before {} has no packages for Python 3.8 or newer; write the model "
                  "with a newer one, or deploy it with -ic/--inference-config-file",
                  model.id(), version, framework.library, text_of(framework.rows.front().from)));
  return nullptr;
}

bool is_before(const std::string& version, const Row& row) {
  auto numbers = numbers_of(version);
  return numbers && *numbers < row.from;
}

// Of the library, for the model.
std::string version_of(const Framework& framework, const Model& model, std::string_view where,
                       Complaints& complaints) {
  if (framework.read_by == ReadBy::usual) return std::string(framework.usual_version);
  const std::string& version = model.framework_version;
  if (framework.read_by == ReadBy::newer && is_before(version, framework.rows.front())) {
    complaints.warn(
        std::string(where),
        fmt::format("model {} was written by {} {} and is served with {}, which reads it",
                    model.id(), framework.library, version, framework.usual_version));
    return std::string(framework.usual_version);
  }
  if (!version.empty()) return version;
  complaints.warn(std::string(where),
                  fmt::format("model {} was registered without --model-framework-version: it is "
                              "served with {} {}, whatever wrote it",
                              model.id(), framework.library, framework.usual_version));
  return std::string(framework.usual_version);
}

// In the form of an inference config, which is what clients are shown.
Json environment_json(const Framework& framework, const Row& row, const std::string& package) {
  Json pip = Json::array({"--only-binary=:all:", package});
  std::string_view rest = row.others;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    pip.push_back(line);
  }
  return Json{{"name", fmt::format("no-code-{}", framework.name)},
              {"environmentVariables", Json::object()},
              {"python",
               {{"condaDependencies",
                 {{"name", "project_environment"},
                  {"dependencies",
                   Json::array({fmt::format("python={}", row.python), Json{{"pip", pip}}})}}}}}};
}

}  // namespace

std::vector<std::string_view> no_code_frameworks() {
  std::vector<std::string_view> names;
  for (const Framework& framework : kFrameworks) names.push_back(framework.name);
  return names;
}

std::optional<Environment> no_code_environment(const Model& model, std::string_view where,
                                               Complaints& complaints) {
  const Framework* framework = find_framework(model.framework);
  if (framework == nullptr) {
    complaints.add(std::string(where), about_framework(model));
    return std::nullopt;
  }
  std::string version = version_of(*framework, model, where, complaints);
  const Row* row = find_row(*framework, model, version, where, complaints);
  if (row == nullptr) return std::nullopt;
  std::string package = fmt::format("{}=={}", row->package, version);
  std::string place = fmt::format("the default environment of {}", framework->name);
  Environment environment =
      parse_environment(environment_json(*framework, *row, package), place, complaints);
  environment.origins[package] =
      fmt::format("--model-framework-version of {}, for which a Python {} must be there",
                  model.id(), row->python);
  return environment;
}

std::string no_code_summary(const Workload& workload) {
  std::vector<std::string_view> packages;
  for (const std::string& line : workload.environment.pip) {
    if (!line.starts_with('-')) packages.push_back(line);
  }
  return fmt::format(
      "No inference config: model {} ({}) is served by Tidegate's own script, with Python {}, {}.",
      workload.models.empty() ? "" : workload.models.front().id(), workload.framework,
      workload.environment.python_version, fmt::join(packages, ", "));
}

}  // namespace tidegate::domain
