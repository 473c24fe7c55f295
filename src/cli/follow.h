#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/api.h"
#include "cli/context.h"
#include "domain/complaints.h"

namespace tidegate::cli {

struct FollowOptions {
  std::string what;                     // "the deployment of myservice", for messages
  std::vector<domain::Complaint> said;  // warnings that the user has seen already
  std::string how_to_go_on;             // a command that shows it, for whoever presses Ctrl-C
  std::string how_to_cancel = {};       // a command that ends it; empty: it cannot be ended
};

// Shows an operation's log and what it waits for until it ends. Returns its last state; an
// operation that failed is an error with its cause. Code::conflict: somebody else's change took its
// place. Ctrl-C is Code::cancelled: the operation goes on.
// Sends the request that begins an operation. From here on Ctrl-C does not just end the command:
// Code::cancelled says that the operation may have begun, and how to see to it.
Result<fetch::Response> begin(Api& api, Context& context, fetch::Request request,
                              const FollowOptions& options);

Result<Json> follow(Api& api, Context& context, const std::string& operation,
                    const FollowOptions& options);

// The operation's id of a reply: the last segment of Operation-Location, else operationId of the
// body; empty: there is none.
std::string operation_of(const fetch::Response& response);

}  // namespace tidegate::cli
