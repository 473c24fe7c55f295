#pragma once

#include "python.h"

namespace tidegate::python {

// Functions of `_core` about this process and its parent, which Python has no names for. Ends with
// an empty entry.
PyMethodDef* process_functions();

}  // namespace tidegate::python
