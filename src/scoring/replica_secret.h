#pragma once

#include <string_view>

namespace tidegate::scoring {

// By which a router shows that it is one. Scripts never see it.
inline constexpr std::string_view kReplicaSecretHeader = "x-tidegate-replica-secret";

}  // namespace tidegate::scoring
