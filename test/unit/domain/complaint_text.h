#pragma once

#include <string>

#include "domain/complaints.h"

namespace tidegate::domain {

// Everything that was said, one line each; warnings begin with "warning: ".
inline std::string text_of(const Complaints& complaints) {
  std::string text;
  for (const Complaint& problem : complaints.problems()) text += line_of(problem) + "\n";
  for (const Complaint& warning : complaints.warnings())
    text += "warning: " + line_of(warning) + "\n";
  return text;
}

}  // namespace tidegate::domain
