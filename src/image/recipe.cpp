#include "image/recipe.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "os/sha256.h"

namespace tidegate::image {
namespace {

// One line per value, so that two different recipes never have the same text: a value that holds a
// line break, or looks like a quoted one, is quoted as in JSON.
std::string one_line(std::string_view value) {
  bool plain = !value.starts_with('"') && std::none_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ';
  });
  return plain ? std::string(value) : to_text(Json(value));
}

class Text {
 public:
  void add(std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(text_), "{}: {}\n", name, one_line(value));
  }
  void add_each(std::string_view name, const std::vector<std::string>& values) {
    for (const std::string& value : values) add(name, value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_packages(Text& text, const domain::Environment& environment) {
  text.add_each("channel", environment.channels);
  text.add_each("conda", environment.conda);
  text.add_each("pip", environment.pip);
}

// What both kinds of recipe are made of, in the order of their lines.
struct Parts {
  std::string_view kind, base, os, architecture, package_index;
  std::vector<std::pair<std::string_view, std::string_view>> interpreter;  // name, value
};

Recipe recipe_of(const domain::Environment& environment, const Parts& parts) {
  Text text;
  text.add(parts.kind, "1");
  text.add("base_image", parts.base);
  text.add("base_dockerfile", environment.base_dockerfile);
  text.add("os", parts.os);
  text.add("architecture", parts.architecture);
  if (environment.user_managed) {
    // Nothing is built, so packages and index change nothing.
    text.add("user_managed_interpreter", environment.interpreter);
  } else {
    text.add("python", environment.python_version);
    for (const auto& [name, value] : parts.interpreter) text.add(name, value);
    text.add("package_index", parts.package_index);
    add_packages(text, environment);
  }
  Recipe recipe{.text = text.take(), .hash = {}};
  recipe.hash = os::sha256_hex(recipe.text);
  return recipe;
}

}  // namespace

Recipe make_recipe(const domain::Environment& environment, const Platform& platform) {
  return recipe_of(environment,
                   {.kind = "tidegate environment",
                    .base = environment.base_image,
                    .os = platform.os,
                    .architecture = platform.architecture,
                    .package_index = platform.package_index,
                    .interpreter = {{"interpreter", platform.interpreter},
                                    {"interpreter_version", platform.interpreter_version}}});
}

Recipe make_image_recipe(const domain::Environment& environment, const ImagePlatform& platform) {
  return recipe_of(environment, {.kind = "tidegate image",
                                 .base = platform.base,
                                 .os = platform.os,
                                 .architecture = platform.architecture,
                                 .package_index = platform.package_index,
                                 .interpreter = {}});
}

}  // namespace tidegate::image
