#pragma once

#include "http/head.h"
#include "scoring/request.h"

namespace tidegate::scoring {

// The headers as scripts know them from WSGI: names title-cased ("X-Ms-Request-Id", "X-1Ab"), the
// values of a repeated name joined with ','. Names with '_' are left out, because they would pass
// for the ones with '-'; the replica's secret is left out, too.
HeaderList script_headers(const http::RequestHead& head);

}  // namespace tidegate::scoring
