// What the commands about one service share.
#pragma once

#include <string>

#include "cli/api.h"
#include "cli/context.h"
#include "cli/verb.h"

namespace tidegate::cli {

// "services/<name>", for management().
std::string service_path(std::string_view name);

Result<Json> get_service(Api& api, std::string_view name);
// Gets the service and prints it, in the short form unless -v.
Result<> show_service(Api& api, Context& context, const CommonFlags& common, std::string_view name);

// Asks the server to check what would be sent; {error} in a good reply is what is wrong.
Result<> preflight(Api& api, std::string_view query, const Json& body);

// Adds what to do next to the error of a service's operation.
std::unexpected<Error> with_next_step(Api& api, const Error& error, std::string_view name);

// "myservice is Transitioning: waiting for pods: 0 of 1 ready", with the cause if it is not well;
// empty: that cannot be asked.
std::string how_it_stands(Api& api, std::string_view name);

}  // namespace tidegate::cli
