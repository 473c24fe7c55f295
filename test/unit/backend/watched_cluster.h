#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "kube/client.h"

namespace tidegate::test {

// An API server in memory with one namespace, whose watches give what changes. Thread-safe.
class WatchedCluster final : public kube::Client {
 public:
  // "Deployment/name", sorted.
  std::vector<std::string> names() {
    std::lock_guard hold(mutex_);
    std::vector<std::string> out;
    for (const auto& [key, object] : objects_) out.push_back(key);
    return out;
  }
  void put(const std::string& kind, Json object) {
    std::lock_guard hold(mutex_);
    keep(kind, std::move(object));
  }
  // All calls from now on give this.
  void refuse(Error error) {
    std::lock_guard hold(mutex_);
    refusal_ = std::move(error);
    ++changes_;
    changed_.notify_all();
  }
  void refuse_namespace() {
    std::lock_guard hold(mutex_);
    may_make_namespace_ = false;
  }
  int refusals() {
    std::lock_guard hold(mutex_);
    return refusals_;
  }
  void delete_namespace() {
    std::lock_guard hold(mutex_);
    has_namespace_ = false;
    for (const auto& [key, object] : objects_) note("DELETED", key, object);
    objects_.clear();
  }

  Result<Json> get(const kube::Kind& kind, const kube::Where& where) override {
    std::lock_guard hold(mutex_);
    if (refusal_) return refused();
    if (kind.kind == "Namespace" && has_namespace_) return Json{{"metadata", Json::object()}};
    auto found = objects_.find(key_of(kind.kind, where.name));
    if (found != objects_.end()) return found->second;
    return fail(Code::not_found, fmt::format("{} \"{}\" not found", kind.plural, where.name));
  }
  Result<List> list(const kube::Kind& kind, const kube::Where& where) override {
    std::lock_guard hold(mutex_);
    if (refusal_) return refused();
    List out{.items = {}, .resource_version = std::to_string(changes_)};
    for (const auto& [key, object] : objects_) {
      if (key.starts_with(std::string(kind.kind) + "/") && fits(object, where.selector))
        out.items.push_back(object);
    }
    return out;
  }
  Result<Json> apply(const Json& manifest) override {
    std::lock_guard hold(mutex_);
    if (refusal_) return refused();
    std::string kind = text_or(manifest, "kind", "");
    if (kind == "Namespace") {
      if (!may_make_namespace_) return fail(Code::forbidden, "cannot patch namespaces");
      has_namespace_ = true;
      return manifest;
    }
    if (!has_namespace_) return fail(Code::not_found, "namespaces \"azureml-default\" not found");
    keep(kind, manifest);
    return manifest;
  }
  Result<> scale(const kube::Kind& kind, const kube::Where& where, int replicas) override {
    std::lock_guard hold(mutex_);
    if (refusal_) return refused();
    auto found = objects_.find(key_of(kind.kind, where.name));
    if (found == objects_.end()) return fail(Code::not_found, "deployments not found");
    Json scaled = found->second;
    scaled["spec"]["replicas"] = replicas;
    keep(std::string(kind.kind), scaled);
    return {};
  }
  Result<> remove(const kube::Kind& kind, const kube::Where& where) override {
    std::lock_guard hold(mutex_);
    if (refusal_) return refused();
    auto found = objects_.find(key_of(kind.kind, where.name));
    if (found == objects_.end()) return {};
    note("DELETED", found->first, found->second);
    objects_.erase(found);
    return {};
  }
  Result<std::string> pod_log(const kube::Where& where, std::string_view container, int lines,
                              bool previous) override {
    return fmt::format("{} lines of {} {}{}", lines, where.name, container,
                       previous ? " (previous)" : "");
  }
  Result<> watch(const kube::Kind& kind, const kube::Where& where,
                 const std::string& resource_version, const OnEvent& on_event,
                 const std::function<bool()>& is_cancelled) override {
    auto seen = static_cast<std::size_t>(std::stoul(resource_version));
    std::unique_lock hold(mutex_);
    while (!is_cancelled()) {
      if (refusal_) return refused();
      std::vector<Event> now(events_.lower_bound(seen), events_.end());
      seen = changes_;
      hold.unlock();
      for (const Event& event : now) {
        const auto& [type, key, object] = event.second;
        if (key.starts_with(std::string(kind.kind) + "/") && fits(object, where.selector))
          on_event(type, object);
      }
      hold.lock();
      changed_.wait_for(hold, Milliseconds(100), [&] { return changes_ != seen || refusal_; });
    }
    return {};
  }

  Result<Json> patch(const kube::Kind&, const kube::Where&, const Json&) override {
    return fail(Code::internal, "no patch here");
  }
  Result<bool> may(const kube::Access&) override { return true; }
  Result<fetch::Response> proxy_get(const kube::Where&, int, std::string_view,
                                    const fetch::Headers&) override {
    return fail(Code::internal, "no proxy here");
  }
  Result<std::string> server_version() override { return "v1.34.4"; }

 private:
  struct Change {
    std::string type, key;
    Json object;
  };
  using Event = std::pair<std::size_t, Change>;

  static std::string key_of(std::string_view kind, std::string_view name) {
    return fmt::format("{}/{}", kind, name);
  }
  std::unexpected<Error> refused() {
    ++refusals_;
    return std::unexpected(*refusal_);
  }
  void keep(const std::string& kind, Json object) {
    std::string key = key_of(kind, text_or(object["metadata"], "name", ""));
    note(objects_.contains(key) ? "MODIFIED" : "ADDED", key, object);
    objects_[key] = std::move(object);
  }
  void note(const std::string& type, const std::string& key, Json object) {
    events_.emplace(changes_++, Change{type, key, object});
    changed_.notify_all();
  }
  static bool fits(const Json& object, std::string_view selector) {
    while (!selector.empty()) {
      std::string_view one = selector.substr(0, selector.find(','));
      selector.remove_prefix(std::min(selector.size(), one.size() + 1));
      auto equals = one.find('=');
      const Json* labels = find_member(*find_member(object, "metadata"), "labels");
      if (labels == nullptr ||
          text_or(*labels, one.substr(0, equals), "") != one.substr(equals + 1))
        return false;
    }
    return true;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::map<std::string, Json> objects_;
  std::map<std::size_t, Change> events_;
  std::size_t changes_ = 1;
  std::optional<Error> refusal_;
  int refusals_ = 0;
  bool has_namespace_ = true;
  bool may_make_namespace_ = true;
};

}  // namespace tidegate::test
