"""What run() returns or raises: spec/scoring-runtime.md 3. The body of each request is the body of run()."""

from case import Group, message, post

SCRIPT = """
import datetime, decimal, enum, io, json, sys, textwrap, time
import flask, werkzeug
import numpy as np
import pandas as pd
from azureml.contrib.services.aml_response import AMLResponse

class Color(enum.Enum):
    red = 1

class Number(enum.IntEnum):
    one = 1

class Text(str):
    pass

cycle = []
cycle.append(cycle)

def deep(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value

def init():
    pass

def run(data):
    scope = dict(globals())
    exec("def body():\\n" + textwrap.indent(data, "    "), scope)
    return scope["body"]()
"""

EXPRESSIONS = (
    "'text'", "''", "'ä€😀'", "'\"quoted\"'", "'{\"a\": 1}'", "'<b>&</b>'", "'a\\nb\\x00'", "'\\ud800'", "Text('own')",
    "1", "0", "-1", "10**30", "1.5", "0.1", "1e300", "1e-7", "float('nan')", "float('inf')", "-float('inf')", "True",
    "False", "None", "[]", "[1, 'a', None, [2.5]]", "[None]", "(1, 2)", "()", "{}", "{'a': 1, 'b': [1, {'c': None}]}",
    "{1: 2, None: 3, True: 4, 1.5: 5}", "{'b': 1, 'a': 2}", "{(1, 2): 3}", "{1, 2}", "frozenset()", "b'bytes'",
    "bytearray(b'x')", "memoryview(b'x')", "object()", "cycle", "range(3)", "(x for x in [1])", "iter([])", "map(str, [1])",
    "lambda: 1", "json", "type", "1j", "decimal.Decimal('1.5')", "datetime.date(2020, 1, 2)", "datetime.datetime(2020, 1, 2)",
    "Color.red", "Number.one", "deep(100)", "deep(2000)", "...", "NotImplemented", "ValueError('returned')",
    "np.array([1, 2])", "np.array([[1.5, 2]]).tolist()", "np.float64(1.5)", "np.float32(1.5)", "np.int64(1)", "np.bool_(True)",
    "[np.int64(1)]", "{'a': np.float64(0.1)}", "np.array(['a'])", "np.nan", "pd.DataFrame({'a': [1]})", "pd.Series([1])",
    "pd.DataFrame({'a': [1]}).to_dict()", "pd.DataFrame({'a': [1]}).to_json()", "pd.NaT", "pd.Timestamp(0)",
    "(200, {'a': 'b'})", "('body', 201)", "'x' * 200_000",
)

RESPONSES = (
    "flask.Response('own')", "flask.Response('own', 201)", "flask.Response('own', 418, {'x-own': '1'})",
    "flask.Response('own', 500)", "flask.Response('own', 503)", "flask.Response('', 204)", "flask.Response(status=304)",
    "flask.Response('own', 499)", "flask.Response('own', 599)", "flask.Response('own', 200, mimetype='text/csv')",
    "flask.Response('own', '202 Fine')", "flask.Response(b'\\xff\\x00', content_type='image/png')",
    "flask.Response('own', headers={'X-Request-Id': 'mine'})", "flask.Response('own', headers={'x-ms-request-id': 'mine'})",
    "flask.Response('own', headers={'x-ms-client-request-id': 'mine'})",
    "flask.Response('own', headers={'x-ms-run-function-failed': 'Perhaps'})",
    "flask.Response('own', 500, headers={'x-ms-run-function-failed': 'False'})",
    "flask.Response('own', headers={'x-ms-run-fn-exec-ms': '7'})",
    "flask.Response('own', headers={'x-ms-server-version': 'mine'})",
    "flask.Response('own', headers={'TraceId': 'mine'})",
    "flask.Response('own', headers={'Server': 'mine'})",
    "flask.Response('own', headers=[('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2')])",
    "flask.Response('own', headers={'Content-Type': 'text/x-own'})",
    "flask.Response('own', headers={'Location': '/elsewhere'}, status=302)",
    "flask.Response('own', headers={'Location': 'http://example.com/'}, status=301)",
    "flask.Response('own', headers={'Cache-Control': 'no-store', 'Vary': 'Accept'})",
    "flask.Response('own', headers={'X-A': 'é'})",
    "flask.Response('')", "flask.Response(None)", "flask.Response('ä')", "flask.jsonify({'b': 1, 'a': 2})",
    "flask.make_response('made', 202)", "flask.redirect('/x')", "flask.Response(['a', 'b'])",
    "flask.Response(x for x in ['a', 'b'])", "flask.Response((b'a' * 1000 for _ in range(100)), mimetype='text/csv')",
    "flask.Response(iter([]))", "flask.Response((str(x) for x in range(3)), 500)",
    "AMLResponse('own', 200)", "AMLResponse('own', 201)", "AMLResponse('own', 500)", "AMLResponse(None, 200)",
    "AMLResponse(None, 404)", "AMLResponse(b'\\xff', 200)", "AMLResponse({'a': 1}, 200, json_str=True)",
    "AMLResponse('text', 200, json_str=True)", "AMLResponse([1], 400, json_str=True)", "AMLResponse(None, 200, json_str=True)",
    "AMLResponse('own', 200, {'X-A': 'b'})", "AMLResponse('own', 200, {'X-A': 'b, c,d'})",
    "AMLResponse('own', 200, {'Content-Type': 'text/csv'})", "AMLResponse('own', 200, {'content-type': 'text/csv'})",
    "AMLResponse({'a': 1}, 200, {'Content-Type': 'text/x'}, json_str=True)",
    "AMLResponse('own', 200, run_function_failed=True)", "AMLResponse('own', 503, run_function_failed=False)",
    "AMLResponse('own', 200, {'Access-Control-Allow-Origin': '*'})", "AMLResponse('', 204)",
    "AMLResponse({1, 2}, 200, json_str=True)", "AMLResponse('own')", "AMLResponse('own', 200, {'X-A': 1})",
    "AMLResponse(7, 200)", "AMLResponse(['a', 'b'], 200)", "AMLResponse(message='own', status_code=200)",
    "AMLResponse('own', 99)", "AMLResponse('own', 200, {'X-A': ''})", "AMLResponse('own', 600)", "AMLResponse('own', 999)",
    "AMLResponse('own', 1000)", "AMLResponse('own', 0)", "AMLResponse('own', -1)", "AMLResponse('own', '201')",
    "AMLResponse('own', 'fine')", "AMLResponse('own', None)", "AMLResponse('own', 205)", "AMLResponse('own', 204)",
    "AMLResponse('own', 304, {'X-A': 'b', 'Content-Type': 'text/csv', 'Expires': 'never'})", "AMLResponse(None, 500)",
    "AMLResponse('own', 200, {'X A': 'b'})", "AMLResponse('own', 200, {'X-A': 'a\\r\\nX-B: c'})",
    "AMLResponse('own', 200, {'X-A\\r\\nX-B': 'c'})", "AMLResponse('own', 200, {'X-A:': 'c'})", "AMLResponse('own', 200, {'': 'c'})",
    "AMLResponse('own', 200, {'X-A': '€'})", "AMLResponse('own', 200, {'X-A': 'a\\x00b'})", "AMLResponse('own', 200, {'X-A': 'a\\tb'})",
    "AMLResponse('own', 200, {'X_A': 'b'})", "AMLResponse('own', 200, {'X-ä': 'b'})", "AMLResponse('own', 200, {'X-A': 'a\\x7fb'})",
    "AMLResponse('own', 200, {'x-request-id': 'mine', 'x-ms-request-id': 'mine'})", "flask.Response('own', headers={'X-A': 'a\\nb'})",
    "flask.Response('own', headers={'Connection': 'keep-alive', 'Keep-Alive': '5', 'TE': 'x', 'Upgrade': 'h2c', 'Trailers': 'x'})",
    "flask.Response('own', headers={'Transfer-Encoding': 'gzip'})", "flask.Response('own', headers={'Content-Length': '3'})",
    "flask.Response('own', headers={'Content-Length': '2'})", "flask.Response('own', headers={'Content-Length': '5'})",
    "flask.Response('own', headers={'Content-Length': 'x'})", "flask.Response('own', headers={'Content-Encoding': 'gzip'})",
    "flask.Response('own', headers={'Proxy-Authenticate': 'Basic', 'Trailer': 'x', 'WWW-Authenticate': 'Basic'}, status=401)",
    "flask.Response(['a', b'b'])", "flask.Response([])", "flask.Response(('a', 'ä'))", "flask.Response(bytearray(b'x'))",
    "flask.send_file(io.BytesIO(b'a' * 10), 'text/csv')", "flask.send_file(io.BytesIO(b'a'), 'image/png', download_name='ä.png')",
    "flask.send_file(__file__, as_attachment=True, conditional=False, etag=False, last_modified=0, max_age=60).mimetype",
    "werkzeug.Response('own')", "(flask.Response('own'), 201)", "flask.jsonify(1)", "flask.jsonify([])", "flask.jsonify(None)",
    "flask.current_app.name != ''", "flask.request.method", "flask.request.headers['Content-Type']", "flask.request.get_data() != b''",
    "flask.g.get('x')", "flask.has_request_context()", "flask.url_for('main.handle_score')", "flask.abort(418)",
    "flask.render_template_string('{{ 1 + 1 }}')", "flask.session.get('x')", "flask.request.endpoint",
)

# The reference's worker fails outside of its own error handling, or sends what is broken.
UNSENDABLE = dict(
    body=message("An unexpected internal error occurred. Check the logs for more info."), content_type="application/json",
    x_request_id="<uuid>", x_ms_request_id="<uuid>", x_ms_run_function_failed="False", x_ms_server_version="tidegate/0.1.0")
DIFFERENT = {
    **{f"AMLResponse({arguments})": ("response that cannot be sent", UNSENDABLE) for arguments in (
        "7, 200", "'own', 99", "'own', 1000", "'own', 0", "'own', -1", "'own', 'fine'", "'own', 200, {'X A': 'b'}",
        "'own', 200, {'X-A\\r\\nX-B': 'c'}", "'own', 200, {'X-A:': 'c'}", "'own', 200, {'': 'c'}", "'own', 200, {'X-A': '€'}",
        "'own', 200, {'X-A': 'a\\x00b'}", "'own', 200, {'X-ä': 'b'}", "'own', 200, {'X-A': 'a\\x7fb'}")},
    "function-2": ("response that cannot be sent", UNSENDABLE),
    "flask.Response(bytearray(b'x'))": ("length of a reply", dict(body=b"x", whole=True)),
    "flask.Response('own', headers={'x-ms-run-fn-exec-ms': '7'})": ("own headers once", dict(x_ms_run_fn_exec_ms="<ms>")),
    "flask.Response('own', headers={'x-ms-server-version': 'mine'})": (
        "own headers once", dict(x_ms_server_version="tidegate/0.1.0")),
    "both-TraceId": ("own headers once", dict(TraceId="callers")),
    "flask.Response('own', headers={'Proxy-Authenticate': 'Basic', 'Trailer': 'x', 'WWW-Authenticate': 'Basic'}, status=401)": (
        "no trailers", dict(trailer=None)),
    "TimeoutError": ("TimeoutError of the script's own", dict(
        body=message("An unexpected error occurred in scoring script. Check the logs for more info."))),
}


def known(case):
    name, changes = DIFFERENT.get(case.name, ("", {}))
    return case.differs(name, **changes) if name else case

RAISED = (
    "ValueError('secret')", "TypeError('secret')", "KeyError('secret')", "Exception()", "RuntimeError('ä')", "MemoryError()",
    "RecursionError()", "OSError(2, 'no')", "StopIteration()", "AssertionError()", "UnicodeDecodeError('utf-8', b'x', 0, 1, 'y')",
    "NotImplementedError()", "ArithmeticError()", "json.JSONDecodeError('m', 'd', 0)", "AttributeError('secret')",
)

ERRORS = ("1 / 0", "[][0]", "{}['a']", "undefined", "None.x", "import no_such_module", "int('x')", "json.loads('{')",
          "np.array([1, 2]) + np.array([1, 2, 3])", "pd.DataFrame({'a': [1]})['b']", "open('/no/such')", "assert False",
          "def f(): return f()\nreturn f()", "not python")

WITH_FUNCTIONS = (
    "@flask.after_this_request\ndef f(r):\n    r.headers['X-A'] = 'b'\n    return r\nreturn [1]",
    "@flask.after_this_request\ndef f(r): return flask.Response(r.get_data() + b'!', 202)\nreturn AMLResponse('own', 200)",
    "@flask.after_this_request\ndef f(r): 1 / 0\nreturn [1]",
    "r = AMLResponse('own', 200)\nr.set_cookie('a', 'b')\nr.headers['X-A'] = 5\nreturn r",
    "r = flask.Response('own')\nr.headers.add('X-A', '1')\nr.headers.add('X-A', '2')\nreturn r",
    "r = flask.Response('own')\nr.call_on_close(lambda: print('closed'))\nreturn r",
    "r = flask.Response('own')\ndel r.headers['Content-Type']\nreturn r",
    "r = flask.Response('own')\nr.set_etag('x')\nr.content_language.add('en')\nr.cache_control.no_store = True\nreturn r",
    "r = flask.Response()\nr.stream.write('a')\nr.stream.write('b')\nreturn r",
    "r = flask.Response('own')\nr.set_data('other')\nreturn r",
    "r = flask.Response('own')\nr.status = '299 Own'\nreturn r",
    "flask.g.x = 1\nreturn flask.g.x", "return flask.g.get('x', 'nothing')", "flask.session['a'] = 1\nreturn 1",
)

PRINTS = ("print('a')\nreturn 1", "print('a', end='')\nreturn 1", "print('ä' * 10)\nreturn 2", "sys.stdout.flush()\nreturn 3",
          "print('a', file=sys.stderr)\nreturn 4", "import logging; logging.getLogger('x').warning('w')\nreturn 5")


def cases():
    for expression in EXPRESSIONS + RESPONSES:
        yield post(expression, f"return {expression}")
    for number, code in enumerate(WITH_FUNCTIONS):
        yield post(f"function-{number}", code)
    for raised in RAISED:
        yield post(f"raise {raised}", f"raise {raised}")
    for code in ERRORS + PRINTS:
        yield post(code.replace("\n", "; "), code)
    for name in ("x-request-id", "x-ms-request-id", "x-ms-client-request-id", "TraceId"):
        yield post(f"both-{name}", f"return flask.Response('own', headers={{'{name}': 'mine'}})", ((name, "callers"),))
    yield post("with-ids", "raise ValueError", (("x-request-id", "r"), ("TraceId", "t")))
    yield post("TimeoutError", "raise TimeoutError('own')")


GROUPS = [Group("values", tuple(map(known, cases())), SCRIPT)]
