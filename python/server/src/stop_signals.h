#pragma once

#include "scoring/hand_over.h"
#include "scoring/server.h"

namespace tidegate::python {

// From now on SIGTERM and SIGINT stop admitting at once, whatever thread they reach and whatever
// run() is doing, and wake the worker. A second SIGINT ends the process. A forked child that
// inherits the handlers dies of these signals as if it had none. Both outlive the process' use of
// signals.
void stop_on_signals(scoring::Server& server, scoring::HandOver& hand_over);
// The server is going away: signals do nothing any more.
void forget_signals();

}  // namespace tidegate::python
