// The user's conda and pip lines as requirements for PyPI.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/complaints.h"
#include "domain/environment.h"

namespace tidegate::image {

struct Requirement {
  std::string text;    // a line of requirements.txt
  std::string source;  // the line as the user wrote it
  std::string origin;  // "conda_dependencies.yml:7"
};

// conda packages first, then pip, both in the user's order.
std::vector<Requirement> requirement_lines(const domain::Environment& environment,
                                           domain::Complaints& complaints);
std::string requirements_text(const std::vector<Requirement>& lines);

// "scikit-learn=1.0" -> "scikit-learn==1.0.*". nullopt: a form that has no meaning for PyPI.
std::optional<std::string> pip_form_of_conda(std::string_view spec);
// The package name of a conda or pip line; empty for options such as "--pre".
std::string_view package_name(std::string_view line);
// Names that PyPI takes for the same ("Scikit_Learn", "scikit-learn") become equal.
std::string normalized_name(std::string_view name);

}  // namespace tidegate::image
