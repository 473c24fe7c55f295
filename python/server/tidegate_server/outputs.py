"""From what run() returned to a reply: (status, body, headers, run_ms, failed), as _core wants it.

headers None: application/json. failed None: the reply's own headers say it. body: text, bytes or Pieces.
"""

import itertools
import json
import re
import sys
from typing import Any, Callable, List, Optional, Tuple, Union

from . import _core

Reply = Tuple[int, Any, Optional[List[Tuple[str, bytes]]], Optional[float], Optional[bool]]

_encode = json.JSONEncoder().encode

# What is surely no response object: spares every reply the look-up of Flask's class.
_PLAIN = frozenset((str, dict, list, int, float, bool, tuple, type(None)))

# Of the connection and of the server: what a script says of them is not sent.
_NOT_THE_SCRIPTS = frozenset(
    ("connection", "content-length", "date", "keep-alive", "proxy-authenticate", "proxy-authorization", "server", "te",
     "trailers", "transfer-encoding", "upgrade", "x-ms-run-fn-exec-ms", "x-tidegate-not-started")
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[ \t\x21-\x7e\x80-\xff]*")


class BadResponse(ValueError):
    """A response of the script's that HTTP cannot carry; the message is for the script's author."""


def message_reply(status: int, message: str, failed: bool = False) -> Reply:
    return status, _encode({"message": message}), None, None, failed


def value_reply(value: Any, run_ms: float) -> Reply:
    """Raises TypeError, ValueError or RecursionError for what is not JSON-serialisable, BadResponse."""
    if type(value) not in _PLAIN and is_response(value):
        return response_reply(value, run_ms)
    return 200, to_json(value), None, run_ms, False


def to_json(value: Any) -> Union[str, bytes]:
    if value is None:
        return "{}"
    text = _core.encode_json(value)
    return _encode(value) if text is None else text


def is_response(value: Any) -> bool:
    """Whether it is a Flask response, without importing Flask for the question."""
    flask = sys.modules.get("flask")
    return flask is not None and isinstance(value, flask.Response)


def response_reply(response: Any, run_ms: Optional[float], method: str = "POST") -> Reply:
    status = response.status_code
    if not 200 <= status <= 999:
        raise BadResponse("run() returned a response with status %r; it must be from 200 to 999" % (status,))
    if status == 304:
        sys.modules["werkzeug.http"].remove_entity_headers(response.headers)
    headers = _headers_of(response)
    body = _body_of(response, method)
    if status >= 500:
        headers = [(name, value) for name, value in headers if name.lower() != "x-ms-run-function-failed"]
        return status, body, headers, run_ms, True
    return status, body, headers, run_ms, None


def _body_of(response: Any, method: str) -> Any:
    if not response.is_streamed:
        try:
            return response.get_data()
        finally:
            response.close()
    if response.status_code in (204, 304):
        response.close()
        return b""
    if method == "HEAD":
        response.close()
        return NoPieces()
    return Pieces(response)


class NoPieces:
    """HEAD: what a GET would get is not made, and its length not known."""

    length = None

    def __call__(self, write: Callable[[bytes], bool]) -> bool:
        return True


class Pieces:
    """The body of a response that is made while it is sent: of a generator, of a file."""

    def __init__(self, response: Any) -> None:
        """Makes the first piece: what fails before that is a failed request, whatever fails later a cut connection."""
        self._response = response
        self._rest = response.iter_encoded()
        try:
            self._first = next(self._rest, b"")
        except BaseException:
            response.close()
            raise
        self.length = response.headers.get("Content-Length", type=int)  # None: not known

    def __call__(self, write: Callable[[bytes], bool]) -> bool:
        """Whether it came to its end. `write` waits for the client and says whether more is wanted."""
        try:
            return all(write(piece) for piece in itertools.chain((self._first,), self._rest))
        finally:
            self._response.close()  # also the generator


def _headers_of(response: Any) -> List[Tuple[str, bytes]]:
    """Checked here, where the log can name what is wrong: a line break would begin a header of its own."""
    headers = []
    for name, value in response.headers.items():
        if name.lower() in _NOT_THE_SCRIPTS:
            continue
        if not _NAME.fullmatch(name):
            raise BadResponse("run() returned a response with %r as the name of a header" % name)
        if not _VALUE.fullmatch(value):
            raise BadResponse("run() returned a response whose header %s has characters that HTTP cannot carry" % name)
        headers.append((name, value.strip(" \t").encode("latin-1")))
    return headers
