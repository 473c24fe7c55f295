// A router's page about itself, for control that reaches it only through an API server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::table {

inline constexpr std::string_view kRouterPage = "/tidegate/v1/router";
// Opens it; without it, or with another value, the path is as unknown as any other.
inline constexpr std::string_view kLinkTokenHeader = "x-tidegate-link-token";

struct RouterPage {
  std::string router_id;            // new for each router process
  std::uint64_t table_version = 0;  // every core decides by this published table or a newer one
  // Versions of which something is in flight or queued here, whether or not they are in the table.
  // One that is not in the table of table_version and not in here gets nothing from this router.
  std::vector<std::string> busy;
};

// {"routerId": "...", "tableVersion": 7, "busy": ["<version id>", ...]}
std::string to_json(const RouterPage& page);

}  // namespace tidegate::table
