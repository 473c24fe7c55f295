#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/json_path.h"
#include "kube/client.h"

namespace tidegate::test {

// An API server in memory: objects by kind, namespace and name. Routers become ready as they are
// asked for, `ready_after` looks later. Safe from any thread; fields are set while nobody calls.
class FakeCluster final : public kube::Client {
 public:
  using Key = std::tuple<std::string, std::string, std::string>;  // plural, namespace, name

  std::string version = "v1.34.4";
  std::optional<Error> away;       // what every call answers
  std::set<std::string> denied;    // "create secrets", "list nodes"
  std::optional<int> ready_after;  // looks at a Deployment until it is ready; nullopt: never
  std::string refused_kind;        // apply() of it is Code::forbidden
  std::map<std::string, std::string> uids;  // by kind, of what is made from then on
  std::map<Key, Json> objects;
  std::vector<std::string> applied;  // "Secret tidegate-table", in order

  FakeCluster() : ready_after(1) {
    put(kube::kNode, "",
        Json{{"metadata", {{"name", "node1"}}},
             {"status",
              {{"conditions", Json::array({Json{{"type", "Ready"}, {"status", "True"}}})},
               {"addresses",
                Json::array({Json{{"type", "InternalIP"}, {"address", "10.0.0.7"}}})}}}});
  }

  void put(const kube::Kind& kind, const std::string& space, Json object) {
    std::string name = object["metadata"]["name"];
    objects[{std::string(kind.plural), space, name}] = std::move(object);
  }
  const Json* find(const kube::Kind& kind, const std::string& space,
                   const std::string& name) const {
    auto found = objects.find({std::string(kind.plural), space, name});
    return found == objects.end() ? nullptr : &found->second;
  }
  // "secrets/tidegate-table", sorted; nodes are left out.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& [key, object] : objects) {
      if (std::get<0>(key) != "nodes") out.push_back(std::get<0>(key) + "/" + std::get<2>(key));
    }
    return out;
  }

  Result<Json> get(const kube::Kind& kind, const kube::Where& where) override {
    std::lock_guard hold(mutex_);
    if (away) return std::unexpected(*away);
    if (is_denied("get", kind)) return forbidden("get", kind);
    auto found = objects.find(key_of(kind, where));
    if (found == objects.end())
      return fail(Code::not_found, std::string(kind.plural) + " \"" + where.name + "\" not found");
    Json object = found->second;
    if (kind.plural == "deployments") add_status(object);
    return object;
  }
  Result<List> list(const kube::Kind& kind, const kube::Where& where) override {
    std::lock_guard hold(mutex_);
    if (away) return std::unexpected(*away);
    if (is_denied("list", kind)) return forbidden("list", kind);
    List out;
    for (const auto& [key, object] : objects) {
      bool is_it = std::get<0>(key) == kind.plural &&
                   (!kind.is_namespaced || std::get<1>(key) == where.namespace_) &&
                   fits(object, where.selector);
      if (is_it) out.items.push_back(object);
    }
    return out;
  }
  Result<Json> apply(const Json& manifest) override {
    std::lock_guard hold(mutex_);
    if (away) return std::unexpected(*away);
    std::string kind = manifest["kind"];
    std::string name = manifest["metadata"]["name"];
    if (kind == refused_kind) return fail(Code::forbidden, "cannot patch " + kind);
    applied.push_back(kind + " " + name);
    Json object = manifest;
    if (kind == "Service" && !object["spec"]["ports"][0].contains("nodePort"))
      object["spec"]["ports"][0]["nodePort"] = 31080;
    std::string space = text_or(manifest["metadata"], "namespace", "");
    Json& there = objects[{plural_of(kind), space, name}];
    std::string uid = text_at(there, {"metadata", "uid"});
    if (uid.empty() && uids.contains(kind)) uid = uids[kind];
    if (!uid.empty()) object["metadata"]["uid"] = uid;
    there = object;
    return object;
  }
  Result<Json> patch(const kube::Kind&, const kube::Where&, const Json&) override {
    return fail(Code::internal, "no patch here");
  }
  Result<> scale(const kube::Kind&, const kube::Where&, int) override { return {}; }
  Result<> remove(const kube::Kind& kind, const kube::Where& where) override {
    std::lock_guard hold(mutex_);
    if (away) return std::unexpected(*away);
    objects.erase(key_of(kind, where));
    return {};
  }
  Result<std::string> pod_log(const kube::Where&, std::string_view, int, bool) override {
    return "";
  }
  Result<bool> may(const kube::Access& access) override {
    std::lock_guard hold(mutex_);
    if (away) return std::unexpected(*away);
    std::string resource = access.resource;
    if (!access.subresource.empty()) resource += "/" + access.subresource;
    return !denied.contains(access.verb + " " + resource);
  }
  Result<fetch::Response> proxy_get(const kube::Where&, int, std::string_view,
                                    const fetch::Headers&) override {
    return fail(Code::unavailable, "no proxy here");
  }
  Result<std::string> server_version() override {
    std::lock_guard hold(mutex_);
    if (away) return std::unexpected(*away);
    return version;
  }
  Result<> watch(const kube::Kind&, const kube::Where&, const std::string&, const OnEvent&,
                 const std::function<bool()>&) override {
    return {};
  }

 private:
  static Key key_of(const kube::Kind& kind, const kube::Where& where) {
    return {std::string(kind.plural), kind.is_namespaced ? where.namespace_ : "", where.name};
  }
  static std::string plural_of(std::string kind) {
    for (char& c : kind) c = static_cast<char>(std::tolower(c));
    return kind + "s";
  }
  bool is_denied(const std::string& verb, const kube::Kind& kind) const {
    return denied.contains(verb + " " + std::string(kind.plural));
  }
  static std::unexpected<Error> forbidden(const std::string& verb, const kube::Kind& kind) {
    return fail(Code::forbidden, "may not " + verb + " " + std::string(kind.plural));
  }
  // "a=b,c=d" on the object's labels.
  static bool fits(const Json& object, std::string_view selector) {
    while (!selector.empty()) {
      std::string_view one = selector.substr(0, selector.find(','));
      selector.remove_prefix(std::min(selector.size(), one.size() + 1));
      const Json* labels = find_member(object["metadata"], "labels");
      auto middle = one.find('=');
      bool is_equal = labels != nullptr &&
                      text_or(*labels, one.substr(0, middle), "") == one.substr(middle + 1);
      if (!is_equal) return false;
    }
    return true;
  }
  void add_status(Json& deployment) {
    if (!ready_after) return;
    if (looks_++ < *ready_after || !deployment.contains("spec")) return;
    Json count = deployment["spec"]["replicas"];
    deployment["status"] = {{"readyReplicas", count}, {"updatedReplicas", count}};
  }

  std::mutex mutex_;
  int looks_ = 0;
};

}  // namespace tidegate::test
