// tidegate_server._core: the HTTP half of the scoring server, for the Python half beside it.
#include "balancer_type.h"
#include "process_functions.h"
#include "server_type.h"

namespace {

PyModuleDef module = {PyModuleDef_HEAD_INIT,
                      "tidegate_server._core",
                      nullptr,
                      -1,
                      nullptr,
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
  module.m_methods = tidegate::python::process_functions();
  tidegate::python::Ref core(PyModule_Create(&module));
  if (!core || !add_type(core.get(), "Server", tidegate::python::make_server_type()) ||
      !add_type(core.get(), "Balancer", tidegate::python::make_balancer_type())) {
    return nullptr;
  }
  return core.release();
}
