#include "table/with_pods.h"

#include <string_view>
#include <unordered_map>

namespace tidegate::table {

Table with_pods(Table published, const std::vector<PodReplica>& pods) {
  std::unordered_map<std::string_view, std::vector<Replica>> of_version;
  for (const PodReplica& pod : pods) {
    of_version[pod.version_id].push_back(
        {.id = pod.id, .address = pod.address, .exit_record = pod.run});
  }
  for (Service& service : published.services) {
    for (Version& version : service.versions) {
      if (version.from_pods) version.replicas = std::move(of_version[version.id]);
    }
  }
  return published;
}

}  // namespace tidegate::table
