// What identifies an environment: everything that changes what would be built, and nothing else.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "domain/complaints.h"
#include "domain/environment.h"

namespace tidegate::image {

// The machine's side of a recipe.
struct Platform {
  std::string os = "linux";
  std::string architecture;         // "x86_64"
  std::string interpreter;          // absolute path of the base interpreter that will be used
  std::string interpreter_version;  // "3.11.2"
  std::string package_index;        // URL of the index in force, empty: PyPI
};

struct Recipe {
  std::string
      text;  // canonical form, one `name: value` per line; kept beside the built environment
  std::string hash;  // SHA-256 of text, hex; names the environment and later the image
                     // azureml/azureml_<hash>
};

Recipe make_recipe(const domain::Environment& environment, const Platform& platform);

// The registry's side of an image's recipe. Which interpreter there is follows from the base.
struct ImagePlatform {
  std::string base;  // by digest where a registry could be asked; empty: named by the Docker steps
  std::string os = "linux";
  std::string architecture;   // "x86_64"
  std::string package_index;  // as in Platform
};

Recipe make_image_recipe(const domain::Environment& environment, const ImagePlatform& platform);

// requirements.txt for pip packages and those conda packages that PyPI has under the same name.
// Complains (with the package and its line) about what cannot be had from PyPI.
std::string requirements_of(const domain::Environment& environment, domain::Complaints& complaints);

}  // namespace tidegate::image
