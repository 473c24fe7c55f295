// The short forms that commands print (as `az ml` did), made from the server's objects.
#pragma once

#include "base/json.h"

namespace tidegate::cli {

Json short_model(const Json& model);
Json model_row(const Json& model);  // for `model list`
// With four members that `az ml` had not: authEnabled, replicas, isolation, error.
Json short_service(const Json& service);
Json short_compute(const Json& compute);  // create
Json compute_row(const Json& compute);    // list as a table: with its kind, process or kubernetes
Json full_compute(const Json& compute);   // show and list

}  // namespace tidegate::cli
