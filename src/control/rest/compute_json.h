#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "control/context.h"
#include "domain/compute.h"

namespace tidegate::control {

// A compute target as clients of the platform read it: as AKS, with every member they look for.
// Never a kubeconfig, a password or a token.
Json compute_json(Context& context, const domain::ComputeTarget& target,
                  std::string_view provisioning_state = "Succeeded");

// What people may see of an attachment.
Json attachment_json(const domain::ClusterAttachment& attachment);

}  // namespace tidegate::control
