// What a pod and a Deployment say about themselves, in our words. Pure functions over their JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/backend.h"
#include "base/json.h"

namespace tidegate::backend::kubernetes {

// The pod as a replica: id is its name, address "tcp:<pod IP>:5001" (empty until it has one), node
// the node's name. `exit` is the last end of its container, also when it runs again.
Replica replica_of(const Json& pod);

// Its condition Ready: all its containers answer their probes.
bool is_ready(const Json& pod);

// What keeps the pod from being ready; nullopt when nothing does, or nothing that a person could
// change. replica_id is the pod's name.
std::optional<Trouble> trouble_of_pod(const Json& pod);

// A Deployment that cannot even make its pods: a quota, a policy of the namespace.
std::optional<Trouble> trouble_of_deployment(const Json& deployment);

// spec.replicas of a Deployment.
int wanted_of(const Json& deployment);
// A label of any object, empty if it has none.
std::string label_of(const Json& object, std::string_view label);
std::string name_of(const Json& object);
// The status of one of a pod's containers or init containers; nullptr before it has one.
const Json* container_status(const Json& pod, std::string_view container);
int restarts_of(const Json& container_status);

// Whether `a` says more about why a version does not come up than `b`: what is final before what
// waiting may cure.
bool is_worse(const Trouble& a, const Trouble& b);

}  // namespace tidegate::backend::kubernetes
