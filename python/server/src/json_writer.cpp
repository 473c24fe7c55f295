#include "json_writer.h"

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "scoring/float_text.h"

namespace tidegate::python {
namespace {

// Deeper than people's data; json.dumps finds out whether it is a circle.
constexpr int kDepthMax = 64;

// json's own, for what needs escapes. Looked up before a value is walked through: an import may let
// other threads run.
PyObject* quote = nullptr;

bool find_quote() {
  if (quote == nullptr) {
    Ref encoder(PyImport_ImportModule("json.encoder"));
    quote = encoder ? PyObject_GetAttrString(encoder.get(), "encode_basestring_ascii") : nullptr;
  }
  return quote != nullptr;
}

// False: not for us. A Python error may be set, too.
bool write_value(PyObject* value, std::string& out, int depth);

bool is_plain(std::string_view text) {
  for (char c : text) {
    if (c < ' ' || c > '~' || c == '"' || c == '\\') return false;
  }
  return true;
}

bool write_escaped(PyObject* text, std::string& out) {
  Ref quoted(PyObject_CallFunctionObjArgs(quote, text, nullptr));
  Ref bytes(quoted ? PyUnicode_AsASCIIString(quoted.get()) : nullptr);
  if (!bytes) return false;
  out.append(PyBytes_AsString(bytes.get()), static_cast<std::size_t>(PyBytes_Size(bytes.get())));
  return true;
}

bool write_string(PyObject* text, std::string& out) {
  Ref bytes(PyUnicode_AsUTF8String(text));
  if (!bytes) {  // lone surrogates
    PyErr_Clear();
    return write_escaped(text, out);
  }
  const std::string_view plain(PyBytes_AsString(bytes.get()),
                               static_cast<std::size_t>(PyBytes_Size(bytes.get())));
  if (!is_plain(plain)) return write_escaped(text, out);
  out.append(1, '"').append(plain).append(1, '"');
  return true;
}

bool write_integer(PyObject* value, std::string& out) {
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
  if (overflow != 0) return false;
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
  return true;
}

bool write_sequence(PyObject* sequence, std::string& out, int depth) {
  const bool is_list = PyList_Check(sequence);
  const Py_ssize_t size = is_list ? PyList_Size(sequence) : PyTuple_Size(sequence);
  out.push_back('[');
  for (Py_ssize_t i = 0; i < size; ++i) {
    if (i > 0) out.append(", ");
    PyObject* item = is_list ? PyList_GetItem(sequence, i) : PyTuple_GetItem(sequence, i);
    if (item == nullptr || !write_value(item, out, depth + 1)) return false;
  }
  out.push_back(']');
  return true;
}

bool write_dict(PyObject* dict, std::string& out, int depth) {
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  out.push_back('{');
  bool is_first = true;
  for (Py_ssize_t position = 0; PyDict_Next(dict, &position, &key, &value) != 0;) {
    if (!std::exchange(is_first, false)) out.append(", ");
    if (!PyUnicode_Check(key) || !write_string(key, out)) return false;
    out.append(": ");
    if (!write_value(value, out, depth + 1)) return false;
  }
  out.push_back('}');
  return true;
}

// The order of the questions is that of json's own encoder.
bool write_value(PyObject* value, std::string& out, int depth) {
  if (depth > kDepthMax) return false;
  if (value == Py_None) return out.append("null"), true;
  if (value == Py_True) return out.append("true"), true;
  if (value == Py_False) return out.append("false"), true;
  if (PyUnicode_Check(value)) return write_string(value, out);
  if (PyLong_Check(value)) return write_integer(value, out);
  if (PyFloat_Check(value)) {
    scoring::append_float(out, PyFloat_AsDouble(value));
    return true;
  }
  if (PyList_Check(value) || PyTuple_Check(value)) return write_sequence(value, out, depth);
  return PyDict_CheckExact(value) && write_dict(value, out, depth);
}

}  // namespace

PyObject* encode_json(PyObject*, PyObject* value) {
  std::string text;
  if (!find_quote() || !write_value(value, text, 0)) {
    PyErr_Clear();
    return new_none();
  }
  return PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
}

}  // namespace tidegate::python
