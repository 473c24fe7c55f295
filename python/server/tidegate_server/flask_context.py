"""What Flask's own names (request, g, current_app, jsonify, url_for, ...) need while run() is called: an
application with the platform's routes, and its context around each request.

Only for scripts that import Flask; others pay nothing. Flask is the environment's.
"""

import io
import os
import sys
from typing import Any, Callable, Dict, Mapping
from urllib.parse import unquote_to_bytes

from . import outputs

_ROUTES = (
    ("/score", "handle_score", ("GET", "POST", "OPTIONS")),
    ("/", "health_probe", ("GET",)),
    ("/swagger.json", "get_swagger_specification", ("GET",)),
)


class FlaskContext:
    def __init__(self) -> None:
        import flask

        root = os.getcwd()
        self._response_class = flask.Response
        self._request = flask.request
        self._app = flask.Flask("azureml_inference_server_http", root_path=root, static_folder=None)
        blueprint = flask.Blueprint("main", "azureml_inference_server_http", root_path=root)
        for path, endpoint, methods in _ROUTES:
            blueprint.add_url_rule(path, endpoint, _never_called, methods=methods, provide_automatic_options=False)
        self._app.register_blueprint(blueprint)

    def around(self, handle: Callable[..., outputs.Reply]) -> Callable[..., outputs.Reply]:
        make_context = self._app.request_context

        def handle_in_context(method: str, body: bytes, target: str, headers: Any, peer: str) -> outputs.Reply:
            context = make_context(wsgi_environ(method, body, target, headers or {}, peer))
            context.push()
            try:
                return handle(method, body, target, headers, peer)
            finally:
                context.pop()

        return handle_in_context

    def value_reply(self, value: Any, run_ms: float) -> outputs.Reply:
        """With what flask.after_this_request() and sessions do to a response. Within the context."""
        if not outputs.is_response(value):
            value = self._response_class(outputs.to_json(value), mimetype="application/json")
            value.headers["x-ms-run-function-failed"] = "False"
        processed = self._app.process_response(value)
        return outputs.response_reply(processed, run_ms if processed is value else None, self._request.method)


def _never_called() -> None:
    raise AssertionError("requests are routed before they come here")


def wsgi_environ(method: str, body: bytes, target: str, headers: Mapping[str, str], peer: str) -> Dict[str, Any]:
    """`peer`: "127.0.0.1:50312" or "unix"."""
    path, _, query = target.partition("?")
    host, _, port = headers.get("Host", "").partition(":")
    peer_host, _, peer_port = peer.rpartition(":")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": target,
        "REQUEST_URI": target,
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": peer_host.strip("[]"),
        "REMOTE_PORT": peer_port if peer_host else "",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }  # type: Dict[str, Any]
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key != "CONTENT_LENGTH":
            environ["HTTP_" + key] = value
    return environ
