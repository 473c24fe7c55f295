"""What run() returns or raises, and what the caller gets for it."""

import json

import pytest

INTERNAL = "An unexpected internal error occurred. Check the logs for more info."
FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."


def returning(expression, before=""):
    return f"{before}\ndef init(): pass\ndef run(data): return {expression}\n"


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        ("'{\"a\": 1}'", '"{\\"a\\": 1}"'),  # encoded again, as ever
        ("None", "{}"),
        ("[1, 2.5, True, None, 'ä']", '[1, 2.5, true, null, "\\u00e4"]'),
        ("{'result': [1]}", '{"result": [1]}'),
        ("(1, 2)", "[1, 2]"),
        ("float('nan')", "NaN"),
        ("0", "0"),
        ("''", '""'),
    ],
)
def test_values_become_json(serve, expression, body):
    reply = serve(returning(expression)).score()
    assert (reply.status, reply.body.decode()) == (200, body)
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("expression", ["{1, 2}", "object()", "b'bytes'", "cycle"])
def test_what_is_not_serialisable_is_an_internal_error(serve, expression):
    replica = serve(returning(expression, before="cycle = []\ncycle.append(cycle)"))
    reply = replica.score(x_request_id="abc")
    assert (reply.status, reply.message) == (500, INTERNAL)
    assert reply.headers["x-ms-run-function-failed"] == "False"
    assert reply.headers["x-ms-run-fn-exec-ms"] is None
    assert "Traceback" in replica.log()


@pytest.mark.parametrize("raised", ["ValueError('secret')", "SystemExit(1)", "KeyboardInterrupt()", "RecursionError()"])
def test_an_exception_is_a_500_without_its_text_and_the_server_lives_on(serve, raised):
    replica = serve(f"""
        def init(): pass
        def run(data):
            if data == 'raise': raise {raised}
            return data
        """)
    reply = replica.score(b"raise", x_request_id="abc")
    assert (reply.status, reply.message) == (500, FAILED)
    assert reply.headers["x-ms-run-function-failed"] == "True"
    assert reply.headers["x-ms-run-fn-exec-ms"] is None
    assert replica.score(b"fine").json() == "fine"


def test_the_traceback_is_in_the_log_with_the_request_id(serve):
    replica = serve("def init(): pass\ndef run(data): return {}['no such key']\n")
    replica.score(x_request_id="abc")
    log = replica.log()
    at = log.index("azmlinfsrv [abc] - Encountered Exception: Traceback (most recent call last):")
    assert "score.py\", line 2, in run" in log[at:]
    assert "KeyError: 'no such key'" in log[at:]
    assert "tidegate_server" not in log[at:]


RESPONSE = """
class Headers(list):
    def items(self): return list(self)
class Response:
    def __init__(self, body, status, headers):
        self.status_code, self.headers, self._body = status, Headers(headers), body
    def get_data(self): return self._body
"""


@pytest.mark.parametrize(("status", "failed"), [(201, "False"), (503, "True")])
def test_a_flask_response_goes_out_as_it_is(serve, status, failed):
    """With a stand-in for Werkzeug's class: only its name and these members matter."""
    replica = serve(
        f"""
        from werkzeug.wrappers import Response
        def init(): pass
        def run(data):
            return Response(b'\\x00raw', {status}, [('Content-Type', 'image/png'), ('X-Own', 'a'), ('X-Own', 'b'),
                            ('Content-Length', '99'), ('x-request-id', 'mine'), ('x-ms-run-function-failed', 'False')])
        """,
        files={"werkzeug/__init__.py": "", "werkzeug/wrappers.py": RESPONSE})
    reply = replica.score(x_request_id="abc")
    assert (reply.status, reply.body) == (status, b"\x00raw")
    assert reply.headers["Content-Type"] == "image/png"
    assert reply.headers.get_all("X-Own") == ["a", "b"]
    assert reply.headers.get_all("x-request-id") == ["abc"]
    assert reply.headers.get_all("x-ms-run-function-failed") == [failed]


SCHEMA = {
    "inference_schema/__init__.py": "",
    "inference_schema/schema_util.py": "def is_schema_decorated(run): return hasattr(run, 'schema')\n",
}


def decorated(signature, returned):
    """With a stand-in for inference-schema: what matters is what is_schema_decorated() says."""
    return f"""
        import inference_schema.schema_util
        def init(): pass
        def run({signature}): return {returned}
        run.schema = True
        """


@pytest.fixture
def schema(serve):
    return serve(decorated("a, b=7, *, c=None", "[a, b, c]"), files=SCHEMA)


def test_input_schema_takes_parameters_by_name(schema):
    assert schema.score(b'{"c": 3, "a": [1], "more": 0}').json() == [[1], 7, 3]
    assert schema.score(b'{"a": 1}', content_type="application/vnd.x+json; charset=utf-8").json() == [1, 7, None]
    assert schema.get("/score?a=[1]&b=x").json() == [[1], "x", None]


def test_input_schema_with_request_headers(serve):
    replica = serve(decorated("request_headers, a", "[a, request_headers['X-A']]"), files=SCHEMA)
    assert replica.score(b'{"a": 1}', x_a="y").json() == [1, "y"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "message"),
    [
        (b"{}", "text/plain", 415, "Expects Content-Type to be application/json"),
        (b"{}", None, 415, "Expects Content-Type to be application/json"),
        (b"", "application/json", 400, "POST body is empty. Expecting a JSON dictionary."),
        (b"{", "application/json", 400, "POST body could not be decoded as JSON: "),
        (b"[1]", "application/json", 400, "POST body should be a JSON dictionary."),
        (b'{"b": 1}', "application/json", 400, "A value is not provided for the 'a' parameter."),
    ],
)
def test_input_schema_refuses(schema, body, content_type, status, message):
    reply = schema.score(body, content_type=content_type)
    assert reply.status == status
    assert reply.message.startswith(message)
    assert reply.headers["x-ms-run-function-failed"] == "False"


def test_large_values_go_both_ways(serve):
    replica = serve("import json\ndef init(): pass\ndef run(data): return json.loads(data)\n")
    value = list(range(2_000_000))  # about 15 MB, more than a body has in memory
    assert replica.score(json.dumps(value).encode()).json() == value
