// The parts of a JSON body that become arrays, without a Python object for each number.
#pragma once

#include "python.h"

namespace tidegate::python {

// take_arrays(body: bytes, names: sequence of str) -> (rest: bytes, [(name, data: bytes, code,
// shape)]), or None: see scoring::take_arrays(). `code` is that of the struct module: "q" or "d",
// in this machine's byte order.
PyObject* take_arrays(PyObject* module, PyObject* args);

}  // namespace tidegate::python
