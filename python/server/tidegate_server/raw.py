"""@rawhttp: run() gets Flask's request and may return Flask's response. Flask is the environment's; it is
imported only by a script that asks for one of these names. What v1 scripts call this module: names.py.
"""

import json
from typing import Any, Callable, Dict, Mapping, Optional

_requested = False


def is_requested() -> bool:
    """Whether the script has used @rawhttp."""
    return _requested


def rawhttp(function: Callable[..., Any]) -> Callable[..., Any]:
    global _requested
    _requested = True
    return function


def __getattr__(name: str) -> Any:
    """AMLRequest and AMLResponse come into being when somebody asks for them (PEP 562)."""
    if name == "AMLRequest":
        return _flask().Request
    if name == "AMLResponse":
        return _aml_response()
    raise AttributeError(name)


def _flask() -> Any:
    try:
        import flask
    except ImportError as error:
        raise ImportError(
            "@rawhttp, AMLRequest and AMLResponse need Flask, which this environment lacks: add 'flask' to its "
            "pip packages"
        ) from error
    return flask


_response_class = None  # type: Optional[type]


def _aml_response() -> type:
    global _response_class
    if _response_class is not None:
        return _response_class

    class AMLResponse(_flask().Response):  # type: ignore[misc]
        def __init__(
            self,
            message: Any,
            status_code: int,
            response_headers: Mapping[str, str] = {},
            json_str: bool = False,
            run_function_failed: bool = False,
        ) -> None:
            if message is None or json_str:
                text = json.dumps({} if message is None else message)
                super().__init__(text, status=status_code, mimetype="application/json")
            else:
                super().__init__(message, status=status_code)
                if "Content-Type" in response_headers:
                    del self.headers["Content-Type"]
            self.headers["x-ms-run-function-failed"] = str(run_function_failed)
            # Repeated headers are written as one value with commas.
            for name, values in response_headers.items():
                for value in values.split(","):
                    self.headers.add(name, value.strip())

    _response_class = AMLResponse
    return AMLResponse


class RawInput:
    """run() gets the request itself, whatever its method: Flask's name for the request of its context."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._request = _flask().request

    def __call__(self, method: str, body: bytes, target: str, headers: Any) -> Dict[str, Any]:
        return {self._name: self._request}
