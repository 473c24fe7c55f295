"""@rawhttp with the real Flask."""

import pytest

SCRIPT = """
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def init():
    pass

@rawhttp
def run(request):
    assert isinstance(request, AMLRequest)
    if request.method == "GET":
        return AMLResponse(request.full_path, 200)
    if "image" in request.files:
        return AMLResponse(request.files["image"].read(), 200, {"Content-Type": "image/png", "X-Multi": "a, b"})
    if request.form:
        return dict(request.form)
    if request.method == "POST":
        return AMLResponse(request.get_data(False), 201, {"x-request-id": "mine", "X-Type": request.content_type})
    if request.method == "OPTIONS":
        return AMLResponse(None, 200, {"Access-Control-Allow-Origin": "*"})
    return AMLResponse("bad request", 500)
"""

MULTIPART = (b'--x\r\nContent-Disposition: form-data; name="image"; filename="i.png"\r\n\r\n\x00png\r\n--x--\r\n')


@pytest.fixture
def raw(serve):
    return serve(SCRIPT)


def test_a_get_sees_its_path(raw):
    reply = raw.get("/score?a=1")
    assert (reply.status, reply.body) == (200, b"/score?a=1")
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.headers["x-ms-run-function-failed"] == "False"


def test_a_body_goes_through_as_bytes(raw):
    reply = raw.score(b"\xff\x00", content_type="application/octet-stream", x_request_id="abc")
    assert (reply.status, reply.body) == (201, b"\xff\x00")
    assert reply.headers["X-Type"] == "application/octet-stream"
    assert reply.headers.get_all("x-request-id") == ["abc"]
    assert reply.headers.get_all("Content-Length") == ["2"]


def test_forms_and_files_are_parsed(raw):
    assert raw.score(b"a=b", content_type="application/x-www-form-urlencoded").json() == {"a": "b"}
    reply = raw.score(MULTIPART, content_type="multipart/form-data; boundary=x")
    assert reply.body == b"\x00png"
    assert reply.headers.get_all("Content-Type") == ["image/png"]
    assert reply.headers.get_all("X-Multi") == ["a", "b"]


def test_options_and_head_are_the_scripts(raw):
    options = raw.call("OPTIONS", "/score")
    assert options.json() == {}
    assert options.headers["Access-Control-Allow-Origin"] == "*"
    head = raw.call("HEAD", "/score")
    assert (head.status, head.body) == (500, b"")
    assert head.headers.get_all("x-ms-run-function-failed") == ["True"]
    assert raw.call("PUT", "/score").status == 405


def test_a_flask_response_says_itself_whether_it_failed(serve):
    replica = serve("""
        import flask
        def init(): pass
        def run(data): return flask.Response('own', int(data), {'x-own': '1'})
        """)
    fine = replica.score(b"418")
    assert (fine.status, fine.body, fine.headers["x-own"]) == (418, b"own", "1")
    assert fine.headers["x-ms-run-function-failed"] is None
    assert replica.score(b"503").headers.get_all("x-ms-run-function-failed") == ["True"]


@pytest.mark.parametrize(
    "line",
    [
        "from azureml.contrib.services import rawhttp",
        "from azureml_inference_server_http.api.aml_request import rawhttp",
        "import azureml.contrib.services.aml_request; rawhttp = azureml.contrib.services.aml_request.rawhttp",
    ],
)
def test_it_has_several_names(serve, line):
    replica = serve(f"{line}\ndef init(): pass\n@rawhttp\ndef run(request): return request.method\n")
    assert replica.call("OPTIONS", "/score").json() == "OPTIONS"


def test_both_decorators_are_refused(launch):
    replica = launch("""
        from azureml.contrib.services.aml_request import rawhttp
        from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
        from inference_schema.schema_decorators import input_schema
        def init(): pass
        @rawhttp
        @input_schema("a", StandardPythonParameterType([1]))
        def run(a): return a
        """)
    assert replica.exit_code() == 3
    assert replica.startup_error()["message"] == "run() cannot be decorated with both @rawhttp and @input_schema"


@pytest.mark.parametrize("name", ["rawhttp", "AMLRequest"])
def test_without_flask_the_start_says_what_to_add(launch, name):
    replica = launch(
        f"""
        from azureml.contrib.services.aml_request import {name}
        def init(): pass
        @{'rawhttp' if name == 'rawhttp' else 'staticmethod'}
        def run(request): pass
        """,
        files={"flask.py": "raise ImportError('No module named flask')"})
    assert replica.exit_code() == 3
    assert "add 'flask' to its pip packages" in replica.startup_error()["message"]
