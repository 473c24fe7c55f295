// Paths and queries of the API: pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/client.h"

namespace tidegate::kube {

// "/apis/apps/v1/namespaces/n/deployments"; of all namespaces if `where` names none.
std::string collection_path(const Kind& kind, const Where& where);
// "/apis/apps/v1/namespaces/n/deployments/web". Code::invalid: the name or the namespace is
// missing.
Result<std::string> object_path(const Kind& kind, const Where& where);

using Query = std::vector<std::pair<std::string_view, std::string>>;
// "path?a=b&c=d"; empty values are left out.
std::string with_query(std::string path, const Query& query);
// labelSelector and fieldSelector; a name becomes a field selector, so that who may see one object
// only may list and watch it.
Query selectors_of(const Where& where);

}  // namespace tidegate::kube
