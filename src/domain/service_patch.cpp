// JSON Patch (RFC 6902) as clients of the platform send it: `replace` on a member that is not there
// creates it.
#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "domain/object_reader.h"
#include "domain/service.h"
#include "domain/service_request.h"
#include "domain/settings.h"

namespace tidegate::domain {
namespace {

constexpr std::string_view kWorkloadPath = "environmentImageRequest";

// "/a/b~1c" -> {"a", "b/c"}.
std::vector<std::string> tokens_of(std::string_view pointer) {
  std::vector<std::string> tokens;
  while (pointer.starts_with('/')) {
    pointer.remove_prefix(1);
    std::string_view raw = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(raw.size());
    std::string token;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      bool escape = raw[i] == '~' && i + 1 < raw.size() && (raw[i + 1] == '0' || raw[i + 1] == '1');
      token += escape ? (raw[++i] == '0' ? '~' : '/') : raw[i];
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

std::string joined(const std::vector<std::string>& tokens, char separator) {
  std::string out;
  for (const std::string& token : tokens)
    out += (out.empty() ? "" : std::string(1, separator)) + token;
  return out;
}

// One step down, creating members; nullptr where there is nothing to step on.
Json* child(Json& parent, const std::string& token) {
  if (parent.is_null()) parent = Json::object();
  if (parent.is_object()) return &parent[token];
  if (!parent.is_array()) return nullptr;
  if (token == "-") return &parent.emplace_back();
  std::size_t index = 0;
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  bool whole = error == std::errc() && end == token.data() + token.size();
  return whole && index < parent.size() ? &parent[index] : nullptr;
}

class Patcher {
 public:
  Patcher(Json document, Complaints& complaints)
      : document_(std::move(document)), complaints_(complaints) {}

  void apply(const Json& patch) {
    if (!patch.is_array() || patch.empty()) {
      complaints_.add("", "No parameters provided to update.");
      return;
    }
    for (std::size_t i = 0; i < patch.size(); ++i)
      apply_operation(patch[i], fmt::format("[{}]", i));
    settle_autoscaler();
  }

  const Json& document() const { return document_; }
  bool touched(std::string_view path) const {
    return std::ranges::any_of(touched_, [&](const std::string& other) {
      return other == path || other.starts_with(std::string(path) + ".");
    });
  }
  // Whether the complaint is about something that the patch changes.
  bool concerns(const Complaint& complaint) const {
    return std::ranges::any_of(
        touched_, [&](const std::string& path) { return complaint.where.starts_with(path); });
  }

 private:
  void apply_operation(const Json& json, const std::string& where) {
    ObjectReader reader(json, where, complaints_);
    std::string op = reader.text("op").value_or("");
    std::string pointer = reader.text("path").value_or("");
    const Json* value = reader.any("value");
    if (op != "replace" && op != "add" && op != "remove") {
      return complaints_.add(reader.place("op"),
                             fmt::format("must be replace, add or remove, is \"{}\"", op));
    }
    auto tokens = tokens_of(pointer);
    if (!may_change(tokens, pointer)) return;
    if (op == "remove" && tokens[0] == "properties") {
      return complaints_.add(pointer, "properties can be added, not removed");
    }
    if (op == "remove") return remove(tokens);
    set(tokens, value == nullptr ? Json(nullptr) : *value, pointer);
  }

  bool may_change(const std::vector<std::string>& tokens, const std::string& pointer) {
    std::string path = joined(tokens, '.');
    if (path == "imageId") {
      complaints_.add(pointer,
                      "services from images are not offered yet; change environmentImageRequest");
      return false;
    }
    std::vector<std::string_view> known = {"kvTags", "description", "properties", kWorkloadPath,
                                           "dataCollection.eventHubEnabled"};
    for (const Setting& setting : all_settings()) known.push_back(setting.request_path);
    for (std::string_view candidate : known) {
      bool is_map =
          candidate == "kvTags" || candidate == "properties" || candidate == kWorkloadPath;
      bool below = is_map && !tokens.empty() && tokens[0] == candidate;
      bool group = !path.empty() && candidate.starts_with(path + ".");
      if (path == candidate || below || group) return true;
    }
    std::string_view near = suggest(path, known);
    complaints_.add(pointer.empty() ? "path" : pointer,
                    near.empty()
                        ? std::string("cannot be changed")
                        : fmt::format("cannot be changed; did you mean /{}?", slashed(near)));
    return false;
  }

  static std::string slashed(std::string_view path) {
    std::string out(path);
    std::ranges::replace(out, '.', '/');
    return out;
  }

  // A group given whole changes its members, and leaves those it does not name.
  void set(const std::vector<std::string>& tokens, const Json& value, const std::string& pointer) {
    bool is_group = tokens.size() == 1 && tokens[0] != "kvTags" && tokens[0] != kWorkloadPath &&
                    value.is_object();
    if (is_group) {
      for (const auto& [name, member] : value.items()) set({tokens[0], name}, member, pointer);
      return;
    }
    Json* target = &document_;
    for (const std::string& token : tokens) {
      target = child(*target, token);
      if (target == nullptr)
        return complaints_.add(pointer, "there is no such place in the service");
    }
    *target = value;
    touched_.insert(joined(tokens, '.'));
  }

  // Removing what is not there is success.
  void remove(const std::vector<std::string>& tokens) {
    Json* parent = &document_;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      parent = child(*parent, tokens[i]);
      if (parent == nullptr) return;
    }
    if (parent->is_object()) parent->erase(tokens.back());
    touched_.insert(joined(tokens, '.'));
  }

  // A number of replicas and an autoscaler exclude each other: the one that is set ends the other.
  void settle_autoscaler() {
    Json& scaler = document_["autoScaler"];
    const std::string enabled = "autoScaler.autoscaleEnabled";
    if (touched("numReplicas") && !touched(enabled)) {
      scaler["autoscaleEnabled"] = find_member(document_, "numReplicas") == nullptr;
    }
    bool is_on = scaler["autoscaleEnabled"] == Json(true);
    if (is_on && !touched("numReplicas")) document_["numReplicas"] = nullptr;
    if (is_on) return;
    for (const char* knob :
         {"minReplicas", "maxReplicas", "refreshPeriodInSeconds", "targetUtilization"}) {
      if (!touched(std::string("autoScaler.") + knob)) scaler[knob] = nullptr;
    }
  }

  Json document_;
  Complaints& complaints_;
  std::set<std::string> touched_;  // paths of dots
};

}  // namespace

ServiceSpec patch_service(const ServiceSpec& current, const Json& patch, Complaints& complaints) {
  Json document = to_request(current);
  Json& workload = document[std::string(kWorkloadPath)];
  if (current.workload.framework.empty()) {
    workload["tidegate"] = {{"origins", current.workload.environment.origins}};
  } else {
    // The environment follows from the model, so another model gets its own.
    workload = {{"modelIds", workload["modelIds"]}};
  }
  Patcher patcher(std::move(document), complaints);
  patcher.apply(patch);

  // Warnings of what was there before were given then.
  Complaints found;
  ServiceSpec spec = read_request_members(patcher.document(), found);
  spec.workspace = current.workspace;
  spec.workload = patcher.touched(kWorkloadPath)
                      ? read_workload(patcher.document()[std::string(kWorkloadPath)], found)
                      : current.workload;
  for (const Complaint& problem : found.problems()) complaints.add(problem.where, problem.what);
  for (const Complaint& warning : found.warnings()) {
    if (patcher.concerns(warning)) complaints.warn(warning.where, warning.what);
  }
  return spec;
}

}  // namespace tidegate::domain
