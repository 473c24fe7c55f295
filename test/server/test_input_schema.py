"""@input_schema with the real inference-schema: arguments by name from a JSON body or the query."""

import pytest

SCRIPT = """
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema

def init():
    pass

@input_schema("a", StandardPythonParameterType([1]))
@input_schema("b", StandardPythonParameterType(1.5), optional=True)
@output_schema(StandardPythonParameterType([]))
def run(a, b=7.5):
    return [a, b]
"""


@pytest.fixture
def schema(serve):
    return serve(SCRIPT)


def test_parameters_are_taken_by_name(schema):
    assert schema.score(b'{"b": 3, "a": [1], "more": 0}').json() == [[1], 3]
    assert schema.score(b'{"a": []}', content_type="application/vnd.x+json; charset=utf-8").json() == [[], 7.5]
    assert schema.get("/score?a=[1]&b=2.5").json() == [[1], 2.5]
    assert "Server will invoke it with the following arguments: a, b." in schema.log()


def test_request_headers_come_beside_them(serve):
    script = SCRIPT.replace("def run(a, b=7.5)", "def run(request_headers, a, b=7.5)").replace("[a, b]", "request_headers['X-A']")
    assert serve(script).score(b'{"a": [1]}', x_a="y").json() == "y"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "message"),
    [
        (b"{}", "text/plain", 415, "Expects Content-Type to be application/json"),
        (b"{}", None, 415, "Expects Content-Type to be application/json"),
        (b"", "application/json", 400, "POST body is empty. Expecting a JSON dictionary."),
        (b"{", "application/json", 400, "POST body could not be decoded as JSON: "),
        (b"\xff", "application/json", 400, "POST body could not be decoded as JSON: "),
        (b"[1]", "application/json", 400, "POST body should be a JSON dictionary."),
        (b'{"b": 1}', "application/json", 400, "A value is not provided for the 'a' parameter."),
    ],
)
def test_what_cannot_be_an_argument_is_refused(schema, body, content_type, status, message):
    reply = schema.score(body, content_type=content_type)
    assert reply.status == status
    assert reply.message.startswith(message)
    assert reply.headers["x-ms-run-function-failed"] == "False"


def test_a_value_of_the_wrong_type_fails_inside_run(schema):
    reply = schema.score(b'{"a": "text"}')
    assert reply.status == 500
    assert reply.headers["x-ms-run-function-failed"] == "True"
