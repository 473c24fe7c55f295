"""Traces of the Python stacks on standard error, for what no exception can tell."""

import faulthandler
import signal


def prepare() -> None:
    faulthandler.enable()  # a crash in C code names the Python line
    faulthandler.register(signal.SIGRTMAX - 1, all_threads=True)  # _core asks, when run() hangs
