"""From what run() returned to a reply: (status, body, headers, run_ms, failed), as _core wants it.

headers None: application/json. failed None: the reply's own headers say it.
"""

import json
import sys
from typing import Any, List, Optional, Tuple

Reply = Tuple[int, Any, Optional[List[Tuple[str, str]]], Optional[float], Optional[bool]]

_encode = json.JSONEncoder().encode

# What is surely no response object: spares every reply the look-up of Flask's class.
_PLAIN = frozenset((str, dict, list, int, float, bool, tuple, type(None)))

# Set by the server itself on every reply.
_OURS = frozenset(
    ("content-length", "connection", "transfer-encoding", "date", "x-request-id", "x-ms-request-id",
     "x-ms-client-request-id", "x-ms-run-fn-exec-ms", "x-ms-server-version")
)


def message_reply(status: int, message: str, failed: bool = False) -> Reply:
    return status, _encode({"message": message}), None, None, failed


def value_reply(value: Any, run_ms: float) -> Reply:
    """Raises TypeError, ValueError or RecursionError for what is not JSON-serialisable."""
    if type(value) not in _PLAIN and _is_response(value):
        return _response_reply(value, run_ms)
    return 200, "{}" if value is None else _encode(value), None, run_ms, False


def _is_response(value: Any) -> bool:
    """Whether it is a Flask (Werkzeug) response, without importing Werkzeug for the question."""
    werkzeug = sys.modules.get("werkzeug.wrappers")
    return werkzeug is not None and isinstance(value, werkzeug.Response)


def _response_reply(response: Any, run_ms: float) -> Reply:
    response.direct_passthrough = False  # send_file(): read it now
    body = response.get_data()
    headers = [(name, text) for name, text in response.headers.items() if name.lower() not in _OURS]
    failed = None
    if response.status_code >= 500:
        headers = [(name, text) for name, text in headers if name.lower() != "x-ms-run-function-failed"]
        failed = True
    return response.status_code, body, headers, run_ms, failed
