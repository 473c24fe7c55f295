#pragma once

#include "python.h"

namespace tidegate::python {

// The type `_core.Balancer`: scoring::BalancerServer for the master process. New reference, or
// nullptr with a Python error set.
PyObject* make_balancer_type();

}  // namespace tidegate::python
