// How the objects of a version are called in a cluster. Pure functions.
#pragma once

#include <string>

#include "backend/backend.h"

namespace tidegate::backend::kubernetes {

// A Deployment's name is the beginning of its pods' names, which get 17 characters more and are
// host names too: 63 at most.
inline constexpr std::size_t kObjectNameMax = 46;

// "<service name>-<generation>-<first 8 of the service id>", RFC 1123: a service that is deleted
// and made again under the same name gets other objects. Code::invalid: the version id is no label
// value.
Result<std::string> object_name(const VersionPlan& plan);

// Where in the registry a service's artifacts are: "tidegate/apps/<workspace>/<service name>".
std::string repository_of(const VersionPlan& plan);

// A label's value: letters, digits and - _ . in between, 63 at most.
bool is_label_value(std::string_view text);

// "tidegate.io/version=<id>", with the labels that all our replicas have.
std::string selector_of(const std::string& version_id);

}  // namespace tidegate::backend::kubernetes
