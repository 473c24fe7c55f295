#include "router/routes.h"

#include "base/check.h"

namespace tidegate::router {

Routes::Routes(table::Table table, std::vector<std::vector<LiveVersion>> live_versions)
    : table_(std::move(table)) {
  TIDEGATE_CHECK(live_versions.size() == table_.services.size());
  services_.reserve(table_.services.size());  // pointers to its elements are kept
  for (std::size_t i = 0; i < table_.services.size(); ++i) {
    const table::Service& config = table_.services[i];
    LiveService& service = services_.emplace_back(LiveService{&config, {}, {}});
    service.versions = std::move(live_versions[i]);
    for (std::size_t j = 0; j < service.versions.size(); ++j) {
      service.versions[j].config = &config.versions[j];
      service.weights.push_back(config.versions[j].weight);
      by_id_.emplace(config.versions[j].id, &service.versions[j]);
    }
    by_name_.emplace(Name{config.workspace, config.name}, &service);
  }
}

std::shared_ptr<const Routes> Routes::nothing_known() {
  auto routes = std::make_shared<Routes>(table::Table{}, std::vector<std::vector<LiveVersion>>{});
  routes->known_ = false;
  return routes;
}

std::size_t Routes::NameHash::operator()(const Name& name) const {
  const std::hash<std::string_view> hash;
  return hash(name.workspace) * 31 + hash(name.service);
}

const LiveService* Routes::find_service(std::string_view workspace, std::string_view name) const {
  auto found = by_name_.find(Name{workspace, name});
  return found == by_name_.end() ? nullptr : found->second;
}

const LiveVersion* Routes::find_version(std::string_view id) const {
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

}  // namespace tidegate::router
