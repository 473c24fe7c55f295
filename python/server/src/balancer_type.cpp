#include "balancer_type.h"

#include <memory>
#include <string>

#include "convert.h"
#include "os/real_clock.h"
#include "os/real_random.h"
#include "scoring/balancer_server.h"

namespace tidegate::python {
namespace {

struct Balancing {
  explicit Balancing(scoring::BalancerServerOptions options)
      : server(std::move(options), clock, random) {}

  os::RealClock clock;
  os::RealRandom random;
  scoring::BalancerServer server;
};

struct BalancerObject {
  PyObject_HEAD Balancing* balancing;
};

scoring::BalancerServer& server_of(PyObject* self) {
  return reinterpret_cast<BalancerObject*>(self)->balancing->server;
}

PyObject* balancer_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  static const char* const kNames[] = {
      "addresses", "concurrent_max", "body_max_bytes",    "body_folder",  "version",
      "log_fd",    "replica_secret", "worker_timeout_ms", "cors_origins", nullptr};
  PyObject* addresses = nullptr;
  Py_ssize_t concurrent_max = 1;
  unsigned long long body_max_bytes = 0;
  const char* body_folder = "";
  const char* version = "";
  int log_fd = -1;
  const char* replica_secret = "";
  long long worker_timeout_ms = 0;
  PyObject* cors_origins = nullptr;
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "O|$nKssisLO", const_cast<char**>(kNames),
                                  &addresses, &concurrent_max, &body_max_bytes, &body_folder,
                                  &version, &log_fd, &replica_secret, &worker_timeout_ms,
                                  &cors_origins) == 0) {
    return nullptr;
  }
  if (concurrent_max < 1) {
    PyErr_SetString(PyExc_ValueError, "concurrent_max must be at least 1");
    return nullptr;
  }
  scoring::BalancerServerOptions options;
  if (!to_addresses(addresses, options.addresses)) return nullptr;
  if (cors_origins != nullptr && !to_cors(cors_origins, options.balancer.cors)) return nullptr;
  options.balancer.concurrent_max = static_cast<std::size_t>(concurrent_max);
  options.balancer.body_limits.size_max_bytes = body_max_bytes;
  options.balancer.body_limits.spill_folder = body_folder;
  options.balancer.version = version;
  options.balancer.log_fd = log_fd;
  options.balancer.replica_secret = Secret(replica_secret);
  options.balancer.worker_timeout = Milliseconds(worker_timeout_ms);
  auto* alloc = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
  PyObject* self = alloc(type, 0);
  if (self != nullptr) {
    reinterpret_cast<BalancerObject*>(self)->balancing = new Balancing(std::move(options));
  }
  return self;
}

void balancer_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  {
    std::unique_ptr<Balancing> balancing(reinterpret_cast<BalancerObject*>(self)->balancing);
    GilReleased released;
    balancing.reset();
  }
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

PyObject* balancer_start(PyObject* self, PyObject*) {
  scoring::BalancerServer& server = server_of(self);
  if (Result<> started = server.start(); !started) return set_error(started.error());
  return address_list(server.addresses());
}

PyObject* balancer_add(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* const kNames[] = {"number", "pid",          "address",
                                       "slots",  "requests_max", nullptr};
  int number = 0;
  long pid = 0;
  const char* text = "";
  Py_ssize_t slots = 1;
  unsigned long long requests_max = 0;
  if (PyArg_ParseTupleAndKeywords(args, kwargs, "ils|$nK", const_cast<char**>(kNames), &number,
                                  &pid, &text, &slots, &requests_max) == 0) {
    return nullptr;
  }
  Result<http::Address> address = http::Address::parse(text);
  if (!address) return set_error(address.error());
  server_of(self).add({.number = number,
                       .pid = static_cast<pid_t>(pid),
                       .address = std::move(*address),
                       .slots = static_cast<std::size_t>(slots < 1 ? 1 : slots),
                       .requests_max = requests_max});
  Py_RETURN_NONE;
}

PyObject* balancer_retire(PyObject* self, PyObject* args) {
  int number = 0;
  if (PyArg_ParseTuple(args, "i", &number) == 0) return nullptr;
  server_of(self).retire(number);
  Py_RETURN_NONE;
}

PyObject* balancer_ended(PyObject* self, PyObject* args) {
  int number = 0;
  const char* cause = "";
  if (PyArg_ParseTuple(args, "is", &number, &cause) == 0) return nullptr;
  server_of(self).ended(number, cause);
  Py_RETURN_NONE;
}

PyObject* balancer_fileno(PyObject* self, PyObject*) {
  return PyLong_FromLong(server_of(self).event_fd());
}

const char* name_of(scoring::BalancerEvent::Kind kind) {
  using Kind = scoring::BalancerEvent::Kind;
  switch (kind) {
    case Kind::due:
      return "due";
    case Kind::idle:
      return "idle";
    case Kind::stuck:
      return "stuck";
    case Kind::drained:
      return "drained";
  }
  return "";
}

PyObject* balancer_events(PyObject* self, PyObject*) {
  Ref list(PyList_New(0));
  for (const scoring::BalancerEvent& event : server_of(self).take_events()) {
    Ref pair(Py_BuildValue("(si)", name_of(event.kind), event.worker));
    if (!list || !pair || PyList_Append(list.get(), pair.get()) != 0) return nullptr;
  }
  return list.release();
}

PyObject* balancer_stop_admitting(PyObject* self, PyObject*) {
  server_of(self).stop_admitting();
  Py_RETURN_NONE;
}

PyObject* balancer_stop(PyObject* self, PyObject*) {
  GilReleased released;
  server_of(self).stop();
  return new_none();
}

PyMethodDef balancer_methods[] = {
    {"start", &balancer_start, METH_NOARGS, "Binds and begins to answer; returns the addresses."},
    {"add", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&balancer_add)),
     METH_VARARGS | METH_KEYWORDS, "add(number, pid, address, *, slots, requests_max): is ready."},
    {"retire", &balancer_retire, METH_VARARGS, "retire(number): nothing new for it."},
    {"ended", &balancer_ended, METH_VARARGS, "ended(number, cause): its process is gone."},
    {"fileno", &balancer_fileno, METH_NOARGS, "Readable while there are events."},
    {"events", &balancer_events, METH_NOARGS, "[(due | idle | stuck | drained, number)]"},
    {"stop_admitting", &balancer_stop_admitting, METH_NOARGS, "Finishes what was admitted."},
    {"stop", &balancer_stop, METH_NOARGS, "Flushes replies and closes."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot balancer_slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(&balancer_new)},
    {Py_tp_dealloc, reinterpret_cast<void*>(&balancer_dealloc)},
    {Py_tp_methods, balancer_methods},
    {0, nullptr},
};

PyType_Spec balancer_spec = {"tidegate_server._core.Balancer", sizeof(BalancerObject), 0,
                             Py_TPFLAGS_DEFAULT, balancer_slots};

}  // namespace

PyObject* make_balancer_type() {
  return PyType_FromSpec(&balancer_spec);
}

}  // namespace tidegate::python
