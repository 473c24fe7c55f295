// tidegate_server._core: the HTTP half of the scoring server, for the Python half beside it.
#include "balancer_type.h"
#include "json_reader.h"
#include "json_writer.h"
#include "process_functions.h"
#include "server_type.h"

namespace {

PyMethodDef functions[] = {
    {"adopt_orphans", &tidegate::python::adopt_orphans, METH_NOARGS,
     "Children of dead children become this one's."},
    {"die_with_parent", &tidegate::python::die_with_parent, METH_NOARGS,
     "SIGKILL when the parent is gone."},
    {"encode_json", &tidegate::python::encode_json, METH_O, "As json.dumps, or None: not for us."},
    {"take_arrays", &tidegate::python::take_arrays, METH_VARARGS,
     "The arrays of numbers out of a JSON object, or None: not for us."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef module = {PyModuleDef_HEAD_INIT,
                      "tidegate_server._core",
                      nullptr,
                      -1,
                      functions,
                      nullptr,
                      nullptr,
                      nullptr,
                      nullptr};

// Takes the reference over.
bool add_type(PyObject* core, const char* name, PyObject* made) {
  tidegate::python::Ref type(made);
  if (!type || PyModule_AddObject(core, name, type.get()) != 0) return false;
  static_cast<void>(type.release());
  return true;
}

}  // namespace

PyMODINIT_FUNC PyInit__core() {
  tidegate::python::Ref core(PyModule_Create(&module));
  if (!core || !add_type(core.get(), "Server", tidegate::python::make_server_type()) ||
      !add_type(core.get(), "Balancer", tidegate::python::make_balancer_type())) {
    return nullptr;
  }
  return core.release();
}
