"""From a request to the arguments of run(). Each kind of script has its reader:

    reader(method, body, target) -> dict of keyword arguments, or BadRequest
"""

import codecs
import json
from typing import Any, Callable, Dict, List

from .parameters import REQUIRED, Parameter

# Bytes of a query that are no UTF-8 stay as they were written: %ff -> "%FF".
_KEEP_ESCAPED = "tidegate_server.keep_escaped"
codecs.register_error(
    _KEEP_ESCAPED,
    lambda error: ("".join("%%%02X" % byte for byte in error.object[error.start : error.end]), error.end),
)


class BadRequest(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class TextInput:
    """Undecorated: the body as text, whatever its content type; of a GET, its query as JSON text."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, method: str, body: bytes, target: str, headers: Any) -> Dict[str, Any]:
        if method == "GET":
            return {self._name: json.dumps(query_values(target))}
        try:
            return {self._name: str(body, "utf-8")}
        except UnicodeDecodeError as error:
            raise BadRequest(400, "Input cannot be decoded as UTF-8: %s" % error) from None


class ObjectInput:
    """@input_schema: each parameter by its name, from the JSON body or the query."""

    def __init__(self, parameters: List[Parameter], decode: Callable[[bytes], Any] = json.loads) -> None:
        """`decode`: json.loads, or what does the same."""
        self._parameters = parameters
        self._decode = decode

    def __call__(self, method: str, body: bytes, target: str, headers: Any) -> Dict[str, Any]:
        if method == "GET":
            return self._pick(query_values(target))
        if not is_json((headers or {}).get("Content-Type", "")):
            raise BadRequest(415, "Expects Content-Type to be application/json")
        if not body:
            raise BadRequest(400, "POST body is empty. Expecting a JSON dictionary.")
        try:
            values = self._decode(body)
        except ValueError as error:  # also what is no UTF-8
            raise BadRequest(400, "POST body could not be decoded as JSON: %s" % error) from None
        if not isinstance(values, dict):
            raise BadRequest(400, "POST body should be a JSON dictionary.")
        return self._pick(values)

    def _pick(self, values: Dict[str, Any]) -> Dict[str, Any]:
        arguments = {}
        for parameter in self._parameters:
            value = values.get(parameter.name, parameter.default)
            if value is REQUIRED:
                raise BadRequest(400, "A value is not provided for the %r parameter." % parameter.name)
            arguments[parameter.name] = value
        return arguments


def is_json(content_type: str) -> bool:
    media_type = content_type.split(";", 1)[0].strip().lower()
    return media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )


def query_values(target: str) -> Dict[str, Any]:
    """Each value is JSON if it can be, else text; a repeated name becomes a list."""
    from urllib.parse import parse_qsl  # with ipaddress, which most replicas need not have

    values = {}  # type: Dict[str, List[Any]]
    query = target.partition("?")[2]
    for name, value in parse_qsl(query, keep_blank_values=True, errors=_KEEP_ESCAPED):
        values.setdefault(name, []).append(_json_or_text(value))
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
