#pragma once

#include "python.h"

namespace tidegate::python {

// The type `_core.Server`. New reference, or nullptr with a Python error set.
PyObject* make_server_type();

}  // namespace tidegate::python
