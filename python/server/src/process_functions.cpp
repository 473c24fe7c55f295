#include "process_functions.h"

#include <signal.h>
#include <sys/prctl.h>

namespace tidegate::python {
namespace {

// Processes whose parent dies become ours: the workers that the template has forked.
PyObject* adopt_orphans(PyObject*, PyObject*) {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return PyErr_SetFromErrno(PyExc_OSError);
  Py_RETURN_NONE;
}

// However the parent ends, the kernel then ends this process. Not inherited by children.
PyObject* die_with_parent(PyObject*, PyObject*) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return PyErr_SetFromErrno(PyExc_OSError);
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"adopt_orphans", &adopt_orphans, METH_NOARGS, "Children of dead children become this one's."},
    {"die_with_parent", &die_with_parent, METH_NOARGS, "SIGKILL when the parent is gone."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

PyMethodDef* process_functions() {
  return functions;
}

}  // namespace tidegate::python
