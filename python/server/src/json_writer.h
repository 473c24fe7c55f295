// The usual replies as JSON, byte for byte what json.dumps gives, at a third of its time.
#pragma once

#include "python.h"

namespace tidegate::python {

// encode_json(value) -> bytes (ASCII), or None if the value has something in it that json.dumps
// should deal with: what is not serialisable, dicts of a class of their own, integers beyond 64
// bits, deep or circular nesting. Calls no user code.
PyObject* encode_json(PyObject* module, PyObject* value);

}  // namespace tidegate::python
