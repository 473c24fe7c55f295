#pragma once

#include <string>

#include "control/observed.h"
#include "control/world.h"

namespace tidegate::control {

// What the service's operation waits for right now, as one line for people:
// "waiting for init() of replica x (3 s)". Empty: nothing. Pure.
std::string describe_wait(const ServiceWanted& service, const Observed& observed, MonoTime now);

}  // namespace tidegate::control
