// What our objects in a cluster are called, by those who make them and those who watch them (the
// router does, by app/).
#pragma once

#include <string_view>

namespace tidegate::backend::kubernetes {

inline constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";  // = "tidegate"
inline constexpr std::string_view kComponent = "app.kubernetes.io/component";   // router | replica
inline constexpr std::string_view kServiceLabel = "tidegate.io/service";        // service name
inline constexpr std::string_view kVersionLabel = "tidegate.io/version";        // version id
inline constexpr std::string_view kReplicaSelector =
    "app.kubernetes.io/managed-by=tidegate,app.kubernetes.io/component=replica";
inline constexpr std::string_view kRouterSelector =
    "app.kubernetes.io/managed-by=tidegate,app.kubernetes.io/component=router";

inline constexpr int kScoringPort = 5001;  // of a replica
inline constexpr int kRouterPort = 8811;   // of a router pod

// Secrets of the namespace.
inline constexpr std::string_view kTableSecret = "tidegate-table";  // the routing table
inline constexpr std::string_view kTableKey = "table.pb";
inline constexpr std::string_view kRouterSecret = "tidegate-router";  // what routers are given
inline constexpr std::string_view kLinkTokenKey = "link-token";
inline constexpr std::string_view kRegistrySecret = "tidegate-registry";  // dockerconfigjson

// A router's page about itself, and the header that opens it.
//   {"routerId": "…", "tableVersion": 7, "busy": ["<version id>", …]}
// busy: versions of which something is in flight, whether or not they are in the table.
inline constexpr std::string_view kRouterPage = "/tidegate/v1/router";
inline constexpr std::string_view kLinkTokenHeader = "x-tidegate-link-token";

}  // namespace tidegate::backend::kubernetes
