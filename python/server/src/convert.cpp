#include "convert.h"

#include <string_view>

namespace tidegate::python {
namespace {

Ref latin1(std::string_view text) {
  return Ref(PyUnicode_DecodeLatin1(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr));
}

// Bytes for the whole body; read straight into the object if it lies in a file.
Ref body_bytes(http::Body& body) {
  const auto size = static_cast<Py_ssize_t>(body.size());
  if (body.in_memory()) return Ref(PyBytes_FromStringAndSize(body.memory().data(), size));
  Ref bytes(PyBytes_FromStringAndSize(nullptr, size));
  if (!bytes) return bytes;
  char* out = PyBytes_AsString(bytes.get());
  for (std::uint64_t done = 0; done < body.size();) {
    Result<std::size_t> read = body.file().read_at(done, out + done, body.size() - done);
    if (!read || *read == 0) {
      PyErr_SetString(PyExc_OSError,
                      read ? "the stored request body is too short" : read.error().message.c_str());
      return Ref();
    }
    done += *read;
  }
  return bytes;
}

// A dict, or None for no headers. Values are decoded as WSGI does it.
Ref header_dict(const scoring::HeaderList& headers) {
  if (headers.empty()) return Ref(new_none());
  Ref dict(PyDict_New());
  for (const auto& [name, value] : headers) {
    if (!dict) break;
    Ref key = latin1(name);
    Ref text = latin1(value);
    if (!key || !text || PyDict_SetItem(dict.get(), key.get(), text.get()) != 0) return Ref();
  }
  return dict;
}

bool to_bytes(PyObject* object, std::string& out) {
  if (PyUnicode_Check(object)) return to_text(object, out);
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(object, &data, &size) != 0) return false;
  out.assign(data, static_cast<std::size_t>(size));
  return true;
}

// A sequence of (name, value) pairs; values are bytes, or text that becomes UTF-8.
bool to_headers(PyObject* object, scoring::HeaderList& out) {
  if (object == Py_None) return true;
  const Py_ssize_t count = PySequence_Size(object);
  if (count < 0) return false;
  for (Py_ssize_t i = 0; i < count; ++i) {
    Ref pair(PySequence_GetItem(object, i));
    if (!pair) return false;
    Ref name(PySequence_GetItem(pair.get(), 0));
    Ref value(PySequence_GetItem(pair.get(), 1));
    auto& [name_text, value_text] = out.emplace_back();
    if (!name || !value || !to_text(name.get(), name_text) || !to_bytes(value.get(), value_text)) {
      return false;
    }
  }
  return true;
}

bool to_length(PyObject* body, std::optional<std::uint64_t>& out) {
  Ref length(PyObject_GetAttrString(body, "length"));
  if (!length) return false;
  if (length.get() != Py_None) out = PyLong_AsUnsignedLongLong(length.get());
  return PyErr_Occurred() == nullptr;
}

// write(bytes) of a body that comes in pieces. `self` is a capsule with the job; Python code of
// ours calls it, and not after the job.
PyObject* write_piece(PyObject* self, PyObject* piece) {
  auto* job = static_cast<scoring::Job*>(PyCapsule_GetPointer(self, nullptr));
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (job == nullptr || PyBytes_AsStringAndSize(piece, &data, &size) != 0) return nullptr;
  bool goes_on = false;
  {
    GilReleased released;
    goes_on = job->stream->write({data, static_cast<std::size_t>(size)}, job->timed_out);
  }
  return PyBool_FromLong(static_cast<long>(goes_on));
}

PyMethodDef write_method = {"write", &write_piece, METH_O, nullptr};

// Until the body ends or nobody wants more of it.
void run_stream(PyObject* body, scoring::Job& job, scoring::Server& server) {
  Ref self(PyCapsule_New(&job, nullptr, nullptr));
  Ref write(self ? PyCFunction_New(&write_method, self.get()) : nullptr);
  server.begin_stream(job);
  Ref whole(write ? PyObject_CallFunctionObjArgs(body, write.get(), nullptr) : nullptr);
  job.outcome.is_cut = whole.get() != Py_True;
  if (!whole) PyErr_WriteUnraisable(body);
}

bool to_outcome(PyObject* tuple, scoring::Outcome& out) {
  if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != 5) {
    PyErr_SetString(PyExc_TypeError, "the handler must return a tuple of 5");
    return false;
  }
  scoring::Outcome outcome;
  outcome.status = static_cast<int>(PyLong_AsLong(PyTuple_GetItem(tuple, 0)));
  if (PyErr_Occurred() != nullptr) return false;
  PyObject* body = PyTuple_GetItem(tuple, 1);
  if (PyCallable_Check(body) != 0 ? !to_length(body, outcome.length)
                                  : !to_bytes(body, outcome.body)) {
    return false;
  }
  PyObject* headers = PyTuple_GetItem(tuple, 2);
  outcome.is_response = headers != Py_None;
  if (!to_headers(headers, outcome.headers)) return false;
  if (PyObject* run_ms = PyTuple_GetItem(tuple, 3); run_ms != Py_None) {
    outcome.run_ms = PyFloat_AsDouble(run_ms);
    if (PyErr_Occurred() != nullptr) return false;
  }
  PyObject* failed = PyTuple_GetItem(tuple, 4);
  using Failed = scoring::Outcome::Failed;
  outcome.failed = failed == Py_None   ? Failed::unsaid
                   : failed == Py_True ? Failed::yes
                                       : Failed::no;
  out = std::move(outcome);
  return true;
}

}  // namespace

bool run_handler(PyObject* handler, scoring::Job& job, scoring::Server& server) {
  scoring::Request& request = job.request;
  Ref method = latin1(request.method);
  Ref body = body_bytes(request.body);
  Ref target = latin1(request.target);
  Ref headers = header_dict(request.headers);
  Ref peer = latin1(request.peer);
  if (!method || !body || !target || !headers || !peer) return false;
  request.body = http::Body();
  Ref result(PyObject_CallFunctionObjArgs(handler, method.get(), body.get(), target.get(),
                                          headers.get(), peer.get(), nullptr));
  if (!result || !to_outcome(result.get(), job.outcome)) return false;
  PyObject* reply_body = PyTuple_GetItem(result.get(), 1);
  if (PyCallable_Check(reply_body) != 0) run_stream(reply_body, job, server);
  return true;
}

bool to_text(PyObject* object, std::string& out) {
  // Lone surrogates (json.dumps never gives any, a script's header may) become '?'.
  Ref bytes(PyUnicode_AsEncodedString(object, "utf-8", "replace"));
  if (!bytes) return false;
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(bytes.get(), &data, &size) != 0) return false;
  out.assign(data, static_cast<std::size_t>(size));
  return true;
}

PyObject* set_error(const Error& error) {
  PyErr_SetString(error.code == Code::invalid ? PyExc_ValueError : PyExc_OSError,
                  error.message.c_str());
  return nullptr;
}

bool to_addresses(PyObject* sequence, std::vector<http::Address>& out) {
  std::vector<std::string> texts;
  if (!to_texts(sequence, texts)) return false;
  for (const std::string& text : texts) {
    Result<http::Address> address = http::Address::parse(text);
    if (!address) {
      set_error(address.error());
      return false;
    }
    out.push_back(std::move(*address));
  }
  return true;
}

bool to_texts(PyObject* sequence, std::vector<std::string>& out) {
  const Py_ssize_t count = PySequence_Size(sequence);
  for (Py_ssize_t i = 0; i < count; ++i) {
    Ref item(PySequence_GetItem(sequence, i));
    if (!item || !to_text(item.get(), out.emplace_back())) return false;
  }
  return count >= 0;
}

bool to_cors(PyObject* sequence, scoring::Cors& out) {
  std::vector<std::string> origins;
  if (!to_texts(sequence, origins)) return false;
  Result<scoring::Cors> cors = scoring::Cors::make(origins);
  if (!cors) {
    set_error(cors.error());
    return false;
  }
  out = std::move(*cors);
  return true;
}

PyObject* address_list(const std::vector<http::Address>& addresses) {
  Ref list(PyList_New(0));
  for (const http::Address& address : addresses) {
    const std::string text = address.text();
    Ref item(PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
    if (!list || !item || PyList_Append(list.get(), item.get()) != 0) return nullptr;
  }
  return list.release();
}

}  // namespace tidegate::python
