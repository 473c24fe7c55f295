#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

namespace tidegate::domain {

// One file of a model, by content. path is relative, without "..", and begins with the basename of
// what was registered ("model.pkl" or "mymodel/weights.bin").
struct ModelFile {
  std::string path;
  std::string sha256;  // hex
  std::uint64_t size = 0;
  bool executable = false;
};

// A registered model version. Immutable but for tags and description.
struct Model {
  std::string name;
  int version = 0;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> properties;
  std::string description;
  std::string
      framework;  // "", Custom, TensorFlow, ScikitLearn, Onnx, TfKeras, PyTorch, Multi, XGBoost
  std::string framework_version;
  std::vector<ModelFile> files;
  std::string asset_id;
  WallTime created;

  std::string id() const { return name + ":" + std::to_string(version); }
};

struct ModelRef {
  std::string name;
  int version = 0;
  std::string id() const { return name + ":" + std::to_string(version); }
  friend bool operator==(const ModelRef&, const ModelRef&) = default;
};
Result<ModelRef> parse_model_ref(std::string_view text);  // "name:version"

}  // namespace tidegate::domain
