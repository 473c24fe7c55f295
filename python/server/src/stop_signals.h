#pragma once

#include "scoring/server.h"

namespace tidegate::python {

// From now on SIGTERM and SIGINT stop admitting at once, whatever thread they reach and whatever
// run() is doing, and wake the server. A second SIGINT ends the process. A forked child that
// inherits the handlers dies of these signals as if it had none. The server outlives the process'
// use of signals.
void stop_on_signals(scoring::Server& server);
// Takes them again where the script has taken them away meanwhile: an event loop that has watched
// SIGTERM leaves it deadly. Does nothing in a forked child.
void keep_stop_signals();
// The server is going away: signals do nothing any more.
void forget_signals();

}  // namespace tidegate::python
