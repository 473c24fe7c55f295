"""Replies that are made while they are sent: issue 6, part 1."""

from case import Case, Group, message, post

SCRIPT = """
import io
import flask
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def pieces(*made, then=None):
    yield from made
    if then is not None:
        raise then

class Closing:
    def __iter__(self):
        return iter([b"a", b"b"])
    def close(self):
        print("closed")

def late():
    yield flask.request.method

def init():
    pass

@rawhttp
def run(request):
    return eval(request.headers["X-Code"])
"""

BODIES = (
    "pieces('a', b'b', 'ä')", "pieces('', 'a', '', 'b')", "pieces('')", "pieces()", "pieces('a' * 300_000, 'b' * 300_000)",
    "(str(n) + ',' for n in range(2000))", "map(str, range(3))", "io.BytesIO(b'a\\nb\\n')", "Closing()", "{'a': 1, 'b': 2}",
    "flask.stream_with_context(late())", "late()", "pieces('a', 5)", "pieces('a', None)", "pieces(bytearray(b'a'))", "pieces(5)",
    "pieces('a', 'b', then=ValueError('secret'))", "pieces(then=ValueError('secret'))", "pieces('', then=ValueError('secret'))",
    "pieces('a', then=SystemExit(3))", "pieces('a', then=GeneratorExit())", "pieces('a' * 100_000, then=OSError('x'))",
)
REPLIES = (
    "flask.Response(pieces('a', 'b'), 201, mimetype='text/csv')", "flask.Response(pieces('a', 'b'), 500)",
    "flask.Response(pieces('a', 'b'), 204)", "flask.Response(pieces('a', 'b'), 304)", "flask.Response(pieces('a'), 404, {'X-A': 'b'})",
    "AMLResponse(pieces('a', 'b'), 200)", "AMLResponse(pieces('a', 'b'), 200, {'Content-Type': 'text/csv'})",
    "AMLResponse(pieces('a', 'b'), 200, json_str=True)", "flask.Response(pieces('a', 'b'), headers={'Content-Length': '2'})",
    "flask.Response(pieces('a', 'b', 'c'), headers={'Content-Length': '2'})", "flask.Response(pieces('a'), headers={'Content-Length': '5'})",
    "flask.Response(pieces('a', 'b'), headers={'Transfer-Encoding': 'chunked'})", "pieces('a')", "[pieces('a')]", "iter('ab')",
    "flask.send_file(__file__, mimetype='text/plain', etag=False, last_modified=0)",
    "flask.send_file(io.BytesIO(b'a' * 200_000), 'text/plain', conditional=False)",
)
# gunicorn's HTML page for what fails before the first piece, or an unfinished reply.
BEFORE_FIRST = dict(
    body=message("An unexpected internal error occurred. Check the logs for more info."), content_type="application/json",
    x_request_id="<uuid>", x_ms_request_id="<uuid>", x_ms_run_function_failed="False", x_ms_server_version="tidegate/0.1.0")
DIFFERENT = {
    "pieces(then=ValueError('secret'))": ("response that cannot be sent", BEFORE_FIRST),
    "late()": ("first piece in context", dict(
        status=200, body=b"POST", content_length=None, content_type="text/html; charset=utf-8", transfer_encoding="chunked",
        x_request_id="<uuid>", x_ms_request_id="<uuid>", x_ms_run_fn_exec_ms="<ms>", x_ms_server_version="tidegate/0.1.0")),
    "HEAD-pieces": ("HEAD of a stream", dict(transfer_encoding="chunked")),
    "HEAD-broken": ("HEAD of a stream", dict(transfer_encoding="chunked")),
}


def ask(name, code, method="POST", version="HTTP/1.1"):
    case = Case(name, method, headers=(("X-Code", code),), version=version)
    difference, changes = DIFFERENT.get(name, ("", {}))
    return case.differs(difference, **changes) if difference else case


def cases():
    for code in BODIES:
        yield ask(code, f"flask.Response({code})")
    for code in REPLIES:
        yield ask(code, code)
    for method in ("GET", "HEAD", "OPTIONS"):
        yield ask(f"{method}-pieces", "flask.Response(pieces('a', 'b'))", method)
        yield ask(f"{method}-broken", "flask.Response(pieces('a', then=ValueError()))", method)
    for code in ("flask.Response(pieces('a', 'b'))", "AMLResponse('x', 200)"):
        yield ask(f"1.0-{code}", code, version="HTTP/1.0")


UNDECORATED = """
import flask
def init(): pass
def run(data):
    if data == "generator":
        return (x for x in "ab")
    return flask.Response((x for x in data))
"""

GROUPS = [
    Group("streams", tuple(cases()), SCRIPT),
    Group("streams-undecorated", (post("generator", "generator"), post("pieces", "pieces"), post("none", "")), UNDECORATED),
]
