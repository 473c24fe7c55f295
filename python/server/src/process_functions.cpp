#include "process_functions.h"

#include <signal.h>
#include <sys/prctl.h>

namespace tidegate::python {

PyObject* adopt_orphans(PyObject*, PyObject*) {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return PyErr_SetFromErrno(PyExc_OSError);
  Py_RETURN_NONE;
}

PyObject* die_with_parent(PyObject*, PyObject*) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return PyErr_SetFromErrno(PyExc_OSError);
  Py_RETURN_NONE;
}

}  // namespace tidegate::python
