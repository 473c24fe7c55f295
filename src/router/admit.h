#pragma once

#include "http/head.h"
#include "router/local_reply.h"
#include "table/table.h"

namespace tidegate::router {

// Who asks.
enum class Principal { anybody, key_holder };

// Checks the key against all hashes of the service, in constant time. Needs the head only: a body
// is never read for somebody who may not ask.
Stage<Principal> admit(const table::Service& service, const http::RequestHead& head);

}  // namespace tidegate::router
