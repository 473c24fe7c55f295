// Between scoring's values and Python's. All with the GIL held.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "http/address.h"
#include "python.h"
#include "scoring/cors.h"
#include "scoring/server.h"

namespace tidegate::python {

// Calls handler(method, body, target, headers, peer) for a job and fills its outcome from the tuple
// that comes back: (status, body, headers, run_ms, failed). `body` is bytes or str, or a callable
// that is called with a function write(bytes) -> bool, has an attribute `length` (int or None), and
// says whether it came to its end; `headers` a list of pairs or None; `run_ms` a float or None;
// `failed` True, False or None (header left out). False: a Python error is set, and the outcome is
// as it was. Takes the request's body.
bool run_handler(PyObject* handler, scoring::Job& job, scoring::Server& server);

// str -> UTF-8 text. False: a Python error is set.
bool to_text(PyObject* object, std::string& out);

// Sequence of str -> texts, as to_text(). False: a Python error is set.
bool to_texts(PyObject* sequence, std::vector<std::string>& out);

// ValueError for Code::invalid, else OSError. Always nullptr.
PyObject* set_error(const Error& error);
// Sequence of texts -> addresses. False: a Python error is set.
bool to_addresses(PyObject* sequence, std::vector<http::Address>& out);
// Sequence of origins -> the rules for them. False: a Python error is set.
bool to_cors(PyObject* sequence, scoring::Cors& out);
// New reference to a list of texts, or nullptr with a Python error set.
PyObject* address_list(const std::vector<http::Address>& addresses);

}  // namespace tidegate::python
