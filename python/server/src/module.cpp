// tidegate_server._core: the HTTP half of the scoring server, for the Python half beside it.
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

}  // namespace

PyMODINIT_FUNC PyInit__core() {
  tidegate::python::Ref core(PyModule_Create(&module));
  tidegate::python::Ref type(tidegate::python::make_server_type());
  if (!core || !type || PyModule_AddObject(core.get(), "Server", type.get()) != 0) return nullptr;
  static_cast<void>(type.release());  // AddObject took it over
  return core.release();
}
