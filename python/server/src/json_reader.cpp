#include "json_reader.h"

#include <optional>
#include <string>
#include <vector>

#include "convert.h"
#include "scoring/number_arrays.h"

namespace tidegate::python {
namespace {

PyObject* bytes_of(std::string_view text) {
  return PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
}

template <class Number>
PyObject* bytes_of(const std::vector<Number>& numbers) {
  return bytes_of({reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)});
}

PyObject* shape_tuple(const std::vector<std::size_t>& shape) {
  Ref tuple(PyTuple_New(static_cast<Py_ssize_t>(shape.size())));
  for (std::size_t i = 0; tuple && i < shape.size(); ++i) {
    PyObject* size = PyLong_FromSize_t(shape[i]);
    if (size == nullptr || PyTuple_SetItem(tuple.get(), static_cast<Py_ssize_t>(i), size) != 0)
      return nullptr;
  }
  return tuple.release();
}

bool append_array(PyObject* list, const std::string& name, const scoring::NumberArray& array) {
  const bool is_whole = std::holds_alternative<scoring::NumberArray::Whole>(array.numbers);
  Ref data(std::visit([](const auto& numbers) { return bytes_of(numbers); }, array.numbers));
  Ref shape(shape_tuple(array.shape));
  if (!data || !shape) return false;
  Ref item(Py_BuildValue("(s#OsO)", name.data(), static_cast<Py_ssize_t>(name.size()), data.get(),
                         is_whole ? "q" : "d", shape.get()));
  return item && PyList_Append(list, item.get()) == 0;
}

}  // namespace

PyObject* take_arrays(PyObject*, PyObject* args) {
  const char* body = nullptr;
  Py_ssize_t size = 0;
  PyObject* sequence = nullptr;
  std::vector<std::string> names;
  if (PyArg_ParseTuple(args, "y#O", &body, &size, &sequence) == 0 || !to_texts(sequence, names)) {
    return nullptr;
  }
  std::optional<scoring::TakenArrays> taken =
      scoring::take_arrays({body, static_cast<std::size_t>(size)}, names);
  if (!taken) return new_none();
  Ref rest(bytes_of(taken->rest));
  Ref list(PyList_New(0));
  if (!rest || !list) return nullptr;
  for (const auto& [name, array] : taken->arrays) {
    if (!append_array(list.get(), name, array)) return nullptr;
  }
  return Py_BuildValue("(OO)", rest.get(), list.get());
}

}  // namespace tidegate::python
