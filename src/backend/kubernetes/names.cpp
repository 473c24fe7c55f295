#include "backend/kubernetes/names.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "backend/kubernetes/labels.h"
#include "backend/variables.h"

namespace tidegate::backend::kubernetes {
namespace {

constexpr std::size_t kLabelValueMax = 63;
constexpr std::size_t kServiceIdShown = 8;

bool is_letter_or_digit(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// Lower case, everything else than letters, digits and `also` becomes "-".
std::string tamed(std::string_view text, std::string_view also) {
  std::string out(text);
  for (char& c : out) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!is_letter_or_digit(c) && also.find(c) == std::string_view::npos) c = '-';
  }
  return out;
}

// A part of a repository's name begins and ends with a letter or digit and has no two separators in
// a row.
std::string path_part(std::string_view text) {
  std::string out;
  for (char c : tamed(text, "._")) {
    bool separates = !is_letter_or_digit(c);
    if (separates && (out.empty() || !is_letter_or_digit(out.back()))) continue;
    out += c;
  }
  while (!out.empty() && !is_letter_or_digit(out.back())) out.pop_back();
  return out.empty() ? "x" : out;
}

}  // namespace

Result<std::string> object_name(const VersionPlan& plan) {
  if (!is_label_value(plan.version_id)) {
    return fail(Code::invalid,
                fmt::format("version \"{}\" cannot be a label in Kubernetes", plan.version_id));
  }
  // A service id is its name and eight digits, which tell a service from one of that name before
  // it.
  std::string whole_id = service_id_of(plan.version_id);
  std::string id = tamed(std::string_view(whole_id).substr(whole_id.rfind('-') + 1), "");
  id.resize(std::min(id.size(), kServiceIdShown));
  std::string end = fmt::format("-{}-{}", tamed(generation_of(plan.version_id), ""), id);
  while (end.ends_with('-')) end.pop_back();
  std::size_t room = end.size() < kObjectNameMax ? kObjectNameMax - end.size() : 1;
  std::string begin = tamed(plan.service_name, "").substr(0, room);
  // Workloads may not begin with a digit everywhere, and never with "-".
  if (begin.empty() || std::isalpha(static_cast<unsigned char>(begin.front())) == 0) begin = "s";
  while (begin.ends_with('-')) begin.pop_back();
  return begin + end;
}

std::string repository_of(const VersionPlan& plan) {
  return fmt::format("tidegate/apps/{}/{}", path_part(plan.workspace),
                     path_part(plan.service_name));
}

bool is_label_value(std::string_view text) {
  auto is_inner = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= kLabelValueMax && is_letter_or_digit(text.front()) &&
         is_letter_or_digit(text.back()) && std::all_of(text.begin(), text.end(), is_inner);
}

std::string selector_of(const std::string& version_id) {
  return fmt::format("{},{}={}", kReplicaSelector, kVersionLabel, version_id);
}

}  // namespace tidegate::backend::kubernetes
