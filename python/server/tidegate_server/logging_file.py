"""logging.json: a script's own levels, handlers and forms, as logging.config.dictConfig takes them.

What the file does not name stays as it is. Of what it names, all the server says goes its way too: lines of
print() to the logger azmlinfsrv.print, and the line of each request to azmlinfsrv. Formatters may use
%(request_id)s.
"""

import copy
import json
import logging
import os
import re
import threading
import time
from typing import Any, Callable, Dict, Optional

# One write of _core's at a time, so that a line of a request that finds the pipe full is lost whole.
_PIPE_BYTES = 1 << 20
_JOIN_S = 5.0


class LoggingFileError(Exception):
    """The file cannot be used; the message names it and says why."""


class AMLLogFormatter(logging.Formatter):
    """Of azureml_inference_server_http.log_config, which files name: times are UTC. A form without the request id
    gets it behind the logger's name, as in lines of this server."""

    converter = time.gmtime  # type: ignore[assignment]

    def format(self, record: logging.LogRecord) -> str:
        request_id = getattr(record, "request_id", "")
        if request_id and "request_id" not in (self._fmt or ""):
            record = copy.copy(record)
            record.name = "%s [%s]" % (record.name, request_id)
        return super().format(record)


class RootAccessFilter(logging.Filter):
    """Of azureml_inference_server_http.log_config: hides requests for the health."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "GET / HTTP/1." not in record.getMessage()


class RequestIdFilter(logging.Filter):
    """Hides nothing: gives records their request id."""

    def __init__(self, request_id: Callable[[], str]) -> None:
        super().__init__()
        self._request_id = request_id

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "request_id"):
            record.request_id = self._request_id()
        return True


def read(path: str) -> Dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
    except (OSError, ValueError) as error:
        raise LoggingFileError(message_of(path, error)) from None
    if not isinstance(config, dict):
        raise LoggingFileError(message_of(path, "it must hold one JSON object"))
    return config


def request_lines(path: str) -> Optional["RequestLines"]:
    """What takes the lines of requests, if the file says where they go. A file that is wrong is apply()'s matter."""
    try:
        config = read(path) if path else {}
    except LoggingFileError:
        return None
    loggers = config.get("loggers")
    return RequestLines() if isinstance(loggers, dict) and "azmlinfsrv" in loggers else None


def apply(path: str, request_id: Callable[[], str]) -> None:
    """Raises LoggingFileError."""
    import logging.config  # brings much that nobody else needs

    config = read(path)
    loggers = config.get("loggers")
    named = [name for name in loggers if isinstance(name, str)] if isinstance(loggers, dict) else []
    kept = {name: logging.getLogger(name) for name in ("azmlinfsrv", "azmlinfsrv.print")}
    try:
        logging.config.dictConfig(config)
    except Exception as error:  # also what a handler of the user's own raises
        raise LoggingFileError(message_of(path, error)) from None
    for logger in kept.values():
        logger.disabled = False  # disable_existing_loggers means those of the script
    seen = RequestIdFilter(request_id)
    for logger in [logging.getLogger()] + [logging.getLogger(name) for name in named]:
        for handler in logger.handlers:
            handler.addFilter(seen)


def message_of(path: str, error: Any) -> str:
    """With the causes of a chain: dictConfig's own message says only which handler."""
    causes = [str(error)]
    while getattr(error, "__cause__", None) is not None:
        error = error.__cause__
        if str(error) not in causes[-1]:
            causes.append(str(error))
    return "the logging configuration %s cannot be used: %s. Correct it, or remove it" % (path, ": ".join(causes))


# 2026-11-24 10:29:56,123 I [4711] azmlinfsrv [<request id>] - <message>
_LINE = re.compile(r"\S+ \S+ (\w) \[\d+\] azmlinfsrv (?:\[(.*?)\] )?- (.*)")
_LEVELS = {"I": logging.INFO, "W": logging.WARNING}


class RequestLines:
    """Lines that _core writes to a pipe become records of the logger azmlinfsrv."""

    def __init__(self) -> None:
        self._read_fd, self.write_fd = os.pipe()
        # A request must not wait for the reader, which needs the GIL.
        os.set_blocking(self.write_fd, False)
        self._set_size()
        self._thread = threading.Thread(target=self._run, name="request lines", daemon=True)

    def _set_size(self) -> None:
        import fcntl

        try:
            fcntl.fcntl(self.write_fd, getattr(fcntl, "F_SETPIPE_SZ", 1031), _PIPE_BYTES)
        except OSError:
            pass  # the user's pipes are many: 64 KB then

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Returns when all lines are out. An empty line ends them: a child of the script may hold the pipe open."""
        if self._thread.is_alive():
            os.set_blocking(self.write_fd, True)
            os.write(self.write_fd, b"\n")
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        with os.fdopen(self._read_fd, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line == "\n":
                    return
                emit(line.rstrip("\n"))


def emit(line: str) -> None:
    parts = _LINE.fullmatch(line)
    level, request_id, message = parts.groups() if parts else ("I", "", line)
    logger = logging.getLogger("azmlinfsrv")
    number = _LEVELS.get(level, logging.INFO)
    if logger.isEnabledFor(number):
        record = logging.LogRecord(logger.name, number, __file__, 0, message, None, None)
        record.request_id = request_id or ""
        logger.handle(record)
