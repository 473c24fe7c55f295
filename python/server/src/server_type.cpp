#include "server_type.h"

#include <unistd.h>

#include <memory>
#include <string>

#include "convert.h"
#include "core.h"
#include "stop_signals.h"

namespace tidegate::python {
namespace {

struct ServerObject {
  PyObject_HEAD Core* core;
};

Core& core_of(PyObject* self) {
  return *reinterpret_cast<ServerObject*>(self)->core;
}

PyObject* server_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  static const char* const kNames[] = {
      "addresses",          "concurrent_max",    "body_max_bytes", "body_folder",
      "scoring_timeout_ms", "version",           "log_fd",         "replica_secret",
      "cors_origins",       "scoring_margin_ms", nullptr};
  PyObject* addresses = nullptr;
  Py_ssize_t concurrent_max = 1;
  unsigned long long body_max_bytes = 0;
  const char* body_folder = "";
  long long scoring_timeout_ms = 0;
  const char* version = "";
  int log_fd = -1;
  const char* replica_secret = "";
  PyObject* cors_origins = nullptr;
  long long scoring_margin_ms = 0;
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "O|$nKsLsisOL", const_cast<char**>(kNames),
                                  &addresses, &concurrent_max, &body_max_bytes, &body_folder,
                                  &scoring_timeout_ms, &version, &log_fd, &replica_secret,
                                  &cors_origins, &scoring_margin_ms) == 0) {
    return nullptr;
  }
  if (concurrent_max < 1) {
    PyErr_SetString(PyExc_ValueError, "concurrent_max must be at least 1");
    return nullptr;
  }
  scoring::ServerOptions options;
  if (!to_addresses(addresses, options.addresses)) return nullptr;
  options.front.concurrent_max = static_cast<std::size_t>(concurrent_max);
  options.front.body_limits.size_max_bytes = body_max_bytes;
  options.front.body_limits.spill_folder = body_folder;
  options.front.scoring_timeout = Milliseconds(scoring_timeout_ms);
  options.front.scoring_margin = Milliseconds(scoring_margin_ms);
  options.front.version = version;
  options.front.log_fd = log_fd;
  options.front.replica_secret = Secret(replica_secret);
  if (cors_origins != nullptr && !to_cors(cors_origins, options.front.cors)) return nullptr;
  auto* alloc = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
  PyObject* self = alloc(type, 0);
  if (self != nullptr) {
    reinterpret_cast<ServerObject*>(self)->core = new Core(std::move(options));
  }
  return self;
}

void server_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  std::unique_ptr<Core> core(reinterpret_cast<ServerObject*>(self)->core);
  // In a forked child there is no helper thread that could be joined: leak.
  if (core && core->is_forked()) static_cast<void>(core.release());
  if (core) {
    forget_signals();
    GilReleased released;
    core.reset();
  }
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

// Binds and begins to answer. Returns the addresses in use. OSError if one cannot be had.
PyObject* server_start(PyObject* self, PyObject*) {
  Core& core = core_of(self);
  if (Result<> started = core.server.start(); !started) return set_error(started.error());
  return address_list(core.server.addresses());
}

bool to_documents(PyObject* dict, scoring::SwaggerDocuments& out) {
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  for (Py_ssize_t position = 0; PyDict_Next(dict, &position, &key, &value) != 0;) {
    std::string version;
    std::string document;
    if (!to_text(key, version) || !to_text(value, document)) return false;
    out.emplace(std::move(version), std::move(document));
  }
  return true;
}

// init() has returned. `swagger`: {"2": "...", ...}.
PyObject* server_open(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* const kNames[] = {"headers", "every_method", "swagger", nullptr};
  int headers = 0;
  int every_method = 0;
  PyObject* swagger = nullptr;
  scoring::SwaggerDocuments documents;
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "|$ppO!", const_cast<char**>(kNames), &headers,
                                  &every_method, &PyDict_Type, &swagger) == 0 ||
      (swagger != nullptr && !to_documents(swagger, documents))) {
    return nullptr;
  }
  Core& core = core_of(self);
  // Before anybody can see that we are healthy: from then on SIGTERM means to finish and leave.
  stop_on_signals(core.server);
  core.server.open({.headers = headers != 0, .every_method = every_method != 0},
                   std::move(documents));
  Py_RETURN_NONE;
}

// Serves and runs requests on this thread, until SIGTERM and until those that were admitted have
// been answered. The GIL is held while user code runs and let go while the sockets are served.
// Handler None: the requests are for threads in work().
PyObject* server_serve(PyObject* self, PyObject* handler) {
  return core_of(self).serve(handler);
}

// Runs requests on this thread until none will come any more. `timeout`: the exception class that
// is raised in run() when a request is over its time.
PyObject* server_work(PyObject* self, PyObject* args) {
  PyObject* handler = nullptr;
  PyObject* timeout = nullptr;
  if (PyArg_ParseTuple(args, "OO", &handler, &timeout) == 0) return nullptr;
  core_of(self).work(handler, timeout);
  Py_RETURN_NONE;
}

PyObject* server_stop_admitting(PyObject* self, PyObject*) {
  Core& core = core_of(self);
  core.server.stop_admitting();
  core.server.wake();
  Py_RETURN_NONE;
}

// Waits until the replies are with their clients.
PyObject* server_stop(PyObject* self, PyObject*) {
  Core& core = core_of(self);
  if (core.is_forked()) Py_RETURN_NONE;
  GilReleased released;
  core.server.stop();
  return new_none();
}

PyObject* server_request_id(PyObject* self, PyObject*) {
  const scoring::Job* job = core_of(self).current();
  if (job == nullptr) return PyUnicode_FromString("");
  const std::string& id = job->request.request_id;
  return PyUnicode_DecodeLatin1(id.data(), static_cast<Py_ssize_t>(id.size()), nullptr);
}

PyObject* server_timed_out(PyObject* self, PyObject*) {
  const scoring::Job* job = core_of(self).current();
  return PyBool_FromLong(static_cast<long>(job != nullptr && job->timed_out.load()));
}

PyObject* server_after_fork(PyObject* self, PyObject*) {
  core_of(self).after_fork_in_child();
  Py_RETURN_NONE;
}

PyMethodDef server_methods[] = {
    {"start", &server_start, METH_NOARGS, "Binds and begins to answer; returns the addresses."},
    {"open", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&server_open)),
     METH_VARARGS | METH_KEYWORDS, "init() has returned: healthy from now on."},
    {"serve", &server_serve, METH_O, "Calls the handler for each request, until SIGTERM."},
    {"work", &server_work, METH_VARARGS,
     "Calls the handler in this thread; serve(None) elsewhere."},
    {"stop_admitting", &server_stop_admitting, METH_NOARGS, "As SIGTERM does."},
    {"stop", &server_stop, METH_NOARGS, "Flushes replies and closes."},
    {"request_id", &server_request_id, METH_NOARGS, "Of this thread's request, or ''."},
    {"timed_out", &server_timed_out, METH_NOARGS,
     "Whether this thread's request is over its time."},
    {"after_fork_in_child", &server_after_fork, METH_NOARGS, "Lets go of the sockets."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot server_slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(&server_new)},
    {Py_tp_dealloc, reinterpret_cast<void*>(&server_dealloc)},
    {Py_tp_methods, server_methods},
    {0, nullptr},
};

PyType_Spec server_spec = {"tidegate_server._core.Server", sizeof(ServerObject), 0,
                           Py_TPFLAGS_DEFAULT, server_slots};

}  // namespace

PyObject* make_server_type() {
  return PyType_FromSpec(&server_spec);
}

}  // namespace tidegate::python
