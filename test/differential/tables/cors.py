"""AML_CORS_ORIGINS and --access_control_allow_origins: spec/scoring-runtime.md 3, CORS."""

from case import Case, Group, get, post

SCRIPT = """
from azureml.contrib.services.aml_response import AMLResponse
def init(): pass
def run(data): return eval(data)
"""
RAW = """
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse
def init(): pass
@rawhttp
def run(request): return AMLResponse(request.method, 200, {"X-A": "b"})
"""
PLAIN = "def init(): pass\ndef run(data): return 1\n"

ORIGINS = (None, "http://a.com", "http://b.com", "http://c.com", "null", "", "http://A.com", "https://a.com")


def from_origin(origin, *headers):
    return headers if origin is None else (("Origin", origin), *headers)


def preflight(name, origin, method="POST", asked=None):
    headers = [("Access-Control-Request-Method", method)]
    if asked is not None:
        headers.append(("Access-Control-Request-Headers", asked))
    return Case(name, "OPTIONS", headers=from_origin(origin, *headers))


def everywhere():
    for path in ("/score", "/", "/swagger.json", "/nope"):
        for method in ("GET", "POST", "OPTIONS"):
            for origin in (None, "http://a.com", "http://c.com"):
                yield Case(f"{method}-{path}-{origin}", method, path, from_origin(origin), b"1" if method == "POST" else b"")


def questions():
    for origin in ORIGINS:
        yield post(f"origin-{origin}", b"1", from_origin(origin))
        yield preflight(f"preflight-{origin}", origin)
        yield preflight(f"preflight-headers-{origin}", origin, "GET", "x-a, Content-Type")
    for method in ("GET", "get", "PUT", "HEAD", "", "OPTIONS", "P", "GET, POST", "POST, GET"):
        yield preflight(f"preflight-{method or 'nothing'}", "http://a.com", method)
    for number, asked in enumerate(("", ",", " ,x", "X-B,x-a,X-A", "content-type", "*", "a b", "x-a;q=1")):
        yield preflight(f"preflight-asks-{number}", "http://a.com", "POST", asked)
    yield Case("private-network", "OPTIONS", headers=from_origin("http://a.com", ("Access-Control-Request-Private-Network", "true")))
    yield Case("private-TRUE", "OPTIONS", headers=from_origin("http://a.com", ("Access-Control-Request-Private-Network", "TRUE")))
    yield post("two-origins", b"1", (("Origin", "http://a.com"), ("Origin", "http://b.com")))


def failures():
    from_a = from_origin("http://a.com")
    yield post("long-id", b"1", (*from_a, ("x-request-id", "a" * 101)))
    yield post("bad-utf8", b"\xff", from_a)
    yield post("run-fails", b"1/0", from_a)
    yield post("not-serialisable", b"{1, 2}", from_a)
    yield post("own-answer", b"AMLResponse('x', 200, {'Access-Control-Allow-Origin': 'http://own.com'})", from_a)
    yield post("own-empty-answer", b"AMLResponse('x', 200, {'Access-Control-Allow-Origin': ''})", from_a)
    yield post("own-methods", b"AMLResponse('x', 200, {'Access-Control-Allow-Methods': 'PUT'})", from_a)
    yield post("own-vary", b"AMLResponse('x', 200, {'Vary': 'Accept'})", from_a)
    yield post("response", b"AMLResponse('x', 500)", from_a)
    yield get("swagger-9", "/swagger.json?version=9", from_a)
    yield get("health-long-id", "/", (*from_a, ("x-request-id", "a" * 101)))
    yield Case("HEAD", "HEAD", headers=from_a)
    yield Case("HEAD-health", "HEAD", "/", from_a)
    yield Case("PUT", "PUT", headers=from_a)


def few(*origins):
    for origin in (None, *origins):
        yield post(f"origin-{origin}", b"1", from_origin(origin))
        yield preflight(f"preflight-{origin}", origin, asked="x-a")


EXPRESSION = r"https://.*\.a\.com$, http://localhost(:\d+)?, https?://[bc]\.com"
OF_EXPRESSION = ("https://x.a.com", "https://a.com", "https://x.a.com.evil", "HTTPS://X.A.COM", "http://localhost",
                 "http://localhost:8080", "http://localhost.evil", "http://b.com", "https://c.com", "http://d.com", "xhttp://b.com")
LISTS = {
    "one": ("http://a.com", ("http://a.com", "http://b.com", "HTTP://A.COM")),
    "spaces": (" http://b.com ,http://a.com,, ", ("http://a.com", "http://b.com")),
    "any-and-one": ("*, http://a.com", ("http://a.com", "http://b.com")),
    "all-expression": (".*", ("http://a.com",)),
    "star-in-name": ("http://*.a.com", ("http://x.a.com", "http:///.a.com")),
    "null": ("null", ("null", "http://a.com")),
}


def without_package():
    """A module of this name that is none, before the real one."""
    allowed = {"access_control_allow_origin": "http://a.com"}
    yield post("from-a", b"1", from_origin("http://a.com")).differs("CORS without a package", **allowed)
    yield preflight("preflight-a", "http://a.com").differs(
        "CORS without a package", access_control_allow_methods="GET, POST", **allowed)
    yield post("from-b", b"1", from_origin("http://b.com"))


GROUPS = [
    Group("cors", (*everywhere(), *questions(), *failures()), SCRIPT, env={"AML_CORS_ORIGINS": "http://a.com, http://b.com"}),
    Group("cors-any", (*everywhere(), *questions(), *failures()), SCRIPT, env={"AML_CORS_ORIGINS": "*"}),
    Group("cors-expressions", tuple(few(*OF_EXPRESSION)), PLAIN, env={"AML_CORS_ORIGINS": EXPRESSION}),
    *(Group(f"cors-{name}", tuple(few(*origins)), PLAIN, env={"AML_CORS_ORIGINS": text}) for name, (text, origins) in LISTS.items()),
    Group("cors-rawhttp", tuple(few("http://a.com", "http://c.com")), RAW, env={"AML_CORS_ORIGINS": "http://a.com"}),
    Group("cors-off", tuple(few("http://a.com")), PLAIN, env={"AML_CORS_ORIGINS": ""}),
    Group("cors-without-package", tuple(without_package()), PLAIN, files={"first/flask_cors.py": "raise ModuleNotFoundError('no')"},
          env={"AML_CORS_ORIGINS": "http://a.com", "PYTHONPATH": "{app}/first"}),
]
