#pragma once

namespace tidegate::python {

// Writes where each Python thread is to standard error, without the GIL, by the signal that
// program.py has given to faulthandler; nothing if it has not. Any thread.
void write_traces();

}  // namespace tidegate::python
