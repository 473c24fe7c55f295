#pragma once

#include "python.h"

// Functions of `_core` about this process and its parent, which Python has no names for.
namespace tidegate::python {

// Processes whose parent dies become ours: the workers that the template has forked.
PyObject* adopt_orphans(PyObject* module, PyObject* nothing);

// However the parent ends, the kernel then ends this process. Not inherited by children.
PyObject* die_with_parent(PyObject* module, PyObject* nothing);

}  // namespace tidegate::python
