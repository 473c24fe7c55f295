"""@rawhttp: spec/scoring-runtime.md 4. The X-Code header of each request is what run() evaluates."""

from case import Case, Group

SCRIPT = """
import json
import flask
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def init():
    pass

@rawhttp
def run(request):
    return eval(request.headers.get("X-Code", "request.method"))
"""

METHODS = ("GET", "POST", "OPTIONS", "HEAD", "PUT", "DELETE", "PATCH")

SEEN = (
    "request.method", "request.path", "request.full_path", "request.query_string.decode()", "request.script_root",
    "request.args.to_dict()", "request.args.getlist('a')", "request.args.get('a', type=int)", "request.is_json",
    "request.content_type", "request.mimetype", "request.mimetype_params", "request.content_length",
    "request.get_data(False).decode('latin-1')", "request.get_data(as_text=True)", "request.data.decode('latin-1')",
    "request.form.to_dict()", "sorted(request.files)", "request.values.to_dict()", "request.get_json(silent=True)",
    "request.stream.read().decode('latin-1')", "request.cookies.to_dict()", "request.headers.get('X-A')",
    "request.headers.get('content-type')", "sorted(name for name, _ in request.headers)", "request.host.split(':')[0]",
    "request.scheme", "request.is_secure", "request.url_root", "request.base_url", "request.url",
    "request.headers.getlist('X-A')", "request.authorization and request.authorization.username", "request.referrer",
    "request.accept_mimetypes.best", "request.user_agent.string", "request.environ['REQUEST_METHOD']",
    "request.environ['PATH_INFO']", "request.environ['QUERY_STRING']", "request.environ['SERVER_PROTOCOL']",
    "request.environ['wsgi.url_scheme']", "request.environ['SCRIPT_NAME']", "request.environ.get('CONTENT_LENGTH')",
    "request.environ.get('CONTENT_TYPE')", "request.environ.get('HTTP_X_A')", "request.environ.get('wsgi.input_terminated')",
    "isinstance(request, flask.Request)", "request.endpoint", "request.view_args", "request.blueprint",
    "str(request.url_rule)", "flask.request.method", "flask.request.args.get('a')", "flask.current_app.name != ''",
    "request is flask.request._get_current_object()", "request.max_content_length", "request.date", "request.remote_user",
    "request.json", "request.get_json()", "request.get_json(force=True)", "request.no_such", "flask.abort(418)",
    "flask.url_for('main.handle_score')", "request.access_route and True", "request.remote_addr", "request.if_match.to_header()",
)

BODIES = {
    "json": (b'{"a": [1]}', "application/json"),
    "bytes": (b"\xff\x00\r\n", "application/octet-stream"),
    "form": (b"a=1&a=2&b=%C3%A4", "application/x-www-form-urlencoded"),
    "multipart": (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="i.png"\r\nContent-Type: image/png\r\n\r\n\x00png\r\n'
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n', "multipart/form-data; boundary=x"),
    "bad-json": (b"{", "application/json"),
    "none": (b"", None),
    "chunked": ([b"ab", b"cd"], "text/plain"),
}

OF_BODIES = ("request.get_data(False).decode('latin-1')", "request.form.to_dict(flat=False)", "sorted(request.files)",
             "request.files['f'].read().decode('latin-1')", "request.get_json(silent=True)", "request.content_length",
             "AMLResponse(request.get_data(False), 200)", "request.stream.read(3).decode('latin-1')", "request.json")

REPLIES = (
    "AMLResponse(request.full_path, 200)", "AMLResponse('bad request', 500)", "AMLResponse(None, 200, {'Allow': 'GET'})",
    "AMLResponse('', 204)", "flask.Response('x', 204)", "None", "'text'", "{'a': 1}", "request", "1 / 0",
    "AMLResponse('x', 200, {'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Methods': 'POST, GET'})",
    "AMLResponse('x' * 10, 200, {'Content-Length': '3'})", "AMLResponse('x', 200, {'Connection': 'close'})",
    "AMLResponse('x', 200, {'Date': 'never'})", "flask.jsonify(a=1)",
)


def ask(name, code, method="POST", body=b"x", content_type="text/plain", headers=(), path="/score?a=1&a=2"):
    head = (("X-Code", code), *((("Content-Type", content_type),) if content_type else ()), *headers)
    return Case(name, method, path, head, body)


def cases():
    for method in METHODS:
        yield Case(f"{method}-plain", method, "/score?a=%20b")
        for code in REPLIES[:5]:
            yield ask(f"{method}-{code}", code, method, b"x" if method == "POST" else b"")
    for code in REPLIES[5:]:
        case = ask(f"POST-{code}", code)
        if "Content-Length" in code:
            case = case.differs("length of a reply", body=b"x" * 10, content_length="10", whole=True)
        yield case
    for code in SEEN:
        yield ask(code, code, headers=(("X-A", "1"), ("X-A", "2"), ("Cookie", "k=v"), ("Authorization", "Basic dTpw"),
                                       ("Referer", "r"), ("Accept", "text/html"), ("User-Agent", "t")))
    for code in ("request.url", "request.host", "request.is_json", "request.content_type", "request.args.to_dict()"):
        yield ask(f"GET-{code}", code, "GET", b"", None, (("Host", "example.com:81"),))
    for name, (body, content_type) in BODIES.items():
        for code in OF_BODIES:
            yield ask(f"{name}-{code}", code, body=body, content_type=content_type)


NAMES = (
    "from azureml.contrib.services import rawhttp",
    "from azureml_inference_server_http.api.aml_request import rawhttp",
    "from azureml.contrib.services.aml_request import *",
)


def names():
    for number, line in enumerate(NAMES[1:]):
        script = f"{line}\ndef init(): pass\n@rawhttp\ndef run(request): return request.method\n"
        yield Group(f"rawhttp-name-{number}", (Case("GET", "GET"), Case("OPTIONS", "OPTIONS")), script)


WITH_HEADERS = """
from azureml.contrib.services.aml_request import rawhttp
def init(): pass
@rawhttp
def run(request_headers, anything): return [anything.method, request_headers["X-A"]]
"""

GROUPS = [
    Group("rawhttp", tuple(cases()), SCRIPT),
    Group("rawhttp-headers", (Case("POST", headers=(("X-A", "1"),)), Case("OPTIONS", "OPTIONS", headers=(("X-A", "1"),)),
                              Case("POST-none")), WITH_HEADERS),
    *names(),
]
