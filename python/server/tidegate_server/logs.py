"""Log lines: UTC time, level, process, logger and request id, to standard output.

    2026-11-24 10:29:56,123 I [4711] azmlinfsrv.print [<request id>] - text

The line of each request is written in the same form by _core (src/scoring/access_log.h). A script may bring a
logging.json with forms of its own (logging_file.py).
"""

import io
import logging
import os
import sys
import threading
import time
from typing import Callable, Optional

from . import logging_file

STDOUT_FD = 1

logger = logging.getLogger("azmlinfsrv")


def write_line(text: str) -> None:
    """One write per line, so that lines of several threads and processes do not mix."""
    data = (text + "\n").encode("utf-8", "replace")
    while data:
        try:
            data = data[os.write(STDOUT_FD, data) :]
        except OSError:
            return  # a log that cannot be written must not fail a request


def prefix(level: str, name: str, request_id: str) -> str:
    now = time.time()
    whole = int(now)
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(whole))
    who = "%s [%s]" % (name, request_id) if request_id else name
    return "%s,%03d %s [%d] %s - " % (stamp, (now - whole) * 1000, level, os.getpid(), who)


class Handler(logging.Handler):
    """Writes records as lines; the lines of a traceback follow theirs as they are."""

    def __init__(self, request_id: Callable[[], str]) -> None:
        super().__init__()
        self._request_id = request_id

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
            write_line(prefix(record.levelname[:1], record.name, self._request_id()) + text)
        except Exception:
            self.handleError(record)


class PrintStream(io.TextIOBase):
    """Stands in for sys.stdout: what user code prints becomes lines with a prefix.

    Each thread has its own unfinished line. flush() ends it. `log_line`: where whole lines go; what its handlers
    print in turn is written as it is.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, original: io.TextIOBase, log_line: Callable[[str], None]) -> None:
        super().__init__()
        self._original = original
        self._log_line = log_line
        self._threads = threading.local()

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not %s" % type(text).__name__)
        pending = getattr(self._threads, "pending", "") + text
        *lines, self._threads.pending = pending.split("\n")
        for line in lines:
            self._emit(line)
        return len(text)

    def flush(self) -> None:
        pending = getattr(self._threads, "pending", "")
        if pending:
            self._threads.pending = ""
            self._emit(pending)

    def _emit(self, line: str) -> None:
        if getattr(self._threads, "emitting", False):
            write_line(line)
            return
        self._threads.emitting = True
        try:
            self._log_line(line)
        finally:
            self._threads.emitting = False

    @property
    def buffer(self):
        return self._original.buffer

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._original.fileno()

    def isatty(self) -> bool:
        return False


def install(level: str, request_id: Callable[[], str], logging_json: str = "") -> None:
    """From now on logging and print() give lines. `request_id`: of the request that the asking thread runs.
    `logging_json`: path of the script's configuration, "" for none; raises logging_file.LoggingFileError.

    A script that takes the root logger's handlers away (dictConfig, basicConfig(force=True)) has its way.
    """
    def print_line(line: str) -> None:
        write_line(prefix("I", "azmlinfsrv.print", request_id()) + line)

    root = logging.getLogger()
    root.addHandler(Handler(request_id))
    root.setLevel(level)
    # Of its own, so that the server's lines survive what the script does to the root logger.
    logger.addHandler(Handler(request_id))
    logger.propagate = False
    logger.setLevel(level)
    if logging_json:
        # Before sys.stdout is ours: handlers of the file write to the real one.
        logging_file.apply(logging_json, request_id)
        print_line = logging.getLogger("azmlinfsrv.print").info
        logger.info("Loaded logging config from %s", logging_json)
    sys.stdout = PrintStream(sys.stdout, print_line)


def end_print_line() -> None:
    """What the request printed without a newline is still its own."""
    stream = sys.stdout  # type: Optional[object]
    if isinstance(stream, PrintStream):
        stream.flush()
