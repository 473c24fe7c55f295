"""What an undecorated script gets and what its callers get: spec/scoring-runtime.md 1 and 3."""

import json
import re
import uuid

import pytest
from replica import ECHO

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
def test_the_body_arrives_as_text_and_the_value_goes_out_as_json(serve, tcp):
    replica = serve("def init(): pass\ndef run(data): return {'got': data, 'type': type(data).__name__}\n")
    reply = replica.score('{"a": "ä"}'.encode(), tcp=tcp)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json() == {"got": '{"a": "ä"}', "type": "str"}


def test_init_runs_once_and_before_the_first_request(serve):
    replica = serve("""
        calls = []
        def init(): calls.append(1)
        def run(data): return len(calls)
        """)
    assert [replica.score().json() for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/plain", "image/png", None, "application/x-www-form-urlencoded",
     "multipart/form-data; boundary=x"],
)
def test_the_content_type_does_not_matter(serve, content_type):
    """Also form types, where the platform's server gives "": see python/server/README.md."""
    assert serve(ECHO).score(b"data=1", content_type=content_type).json() == "data=1"


def test_an_empty_body_is_empty_text(serve):
    assert serve(ECHO).score(b"").json() == ""


def test_a_body_that_is_no_utf8_is_a_bad_request(serve):
    reply = serve(ECHO).score(b"\xff")
    assert reply.status == 400
    assert reply.message == (
        "Input cannot be decoded as UTF-8: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte")
    assert reply.headers["x-ms-run-function-failed"] == "False"
    assert reply.headers["x-ms-run-fn-exec-ms"] is None


def test_a_chunked_body_arrives_whole(serve):
    replica = serve(ECHO)
    connection = replica.connection()
    connection.request("POST", "/score", iter([b"ab", b"cd"]), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})
    assert json.loads(connection.getresponse().read()) == "abcd"
    connection.close()


def test_a_get_gives_the_query_as_json_text(serve):
    replica = serve(ECHO)
    reply = replica.get("/score?a=1&b=[1,2]&c=x&d=null&e=1&e=y&f=%C3%A4+b&g=&h")
    assert reply.json() == json.dumps(
        {"a": 1, "b": [1, 2], "c": "x", "d": None, "e": [1, "y"], "f": "ä b", "g": "", "h": ""})
    assert replica.get("/score").json() == "{}"
    assert replica.get("/score?a=%ff&b=1;c").json() == json.dumps({"a": "%FF", "b": "1;c"})


def test_request_headers_are_title_cased(serve):
    replica = serve("def init(): pass\ndef run(data, request_headers): return [type(request_headers).__name__, dict(request_headers)]\n")
    kind, headers = replica.score(b"{}", x_ms_request_id="old", x_1ab="1").json()
    assert kind == "dict"
    assert headers["X-Ms-Request-Id"] == "old"
    assert headers["Content-Type"] == "application/json"
    assert headers["Content-Length"] == "2"
    assert headers["X-1Ab"] == "1"


@pytest.mark.parametrize(
    "signature",
    ["data, request_headers", "request_headers, data", "*, data, request_headers", "data, *, request_headers=None"],
)
def test_request_headers_may_stand_anywhere(serve, signature):
    replica = serve(f"def init(): pass\ndef run({signature}): return [data, request_headers['X-A']]\n")
    assert replica.score(b"b", x_a="1").json() == ["b", "1"]


@pytest.mark.parametrize("parameters", ["data", "*, data", "data, more=7", "anything_else"])
def test_the_first_parameter_gets_the_body(serve, parameters):
    name = re.search(r"\w+", parameters).group()
    assert serve(f"def init(): pass\ndef run({parameters}): return {name}\n").score(b"b").json() == "b"


def test_every_reply_of_score_carries_the_ids(serve):
    headers = serve(ECHO).score(b"{}").headers
    assert re.fullmatch(UUID, headers["x-request-id"])
    assert headers["x-ms-request-id"] == headers["x-request-id"]
    assert headers["x-ms-client-request-id"] is None
    assert headers["x-ms-server-version"] == "tidegate/0.1.0"
    assert headers["x-ms-run-function-failed"] == "False"
    assert re.fullmatch(r"\d+\.\d{3}", headers["x-ms-run-fn-exec-ms"])


def test_given_ids_come_back(serve):
    request_id = str(uuid.uuid4())
    headers = serve(ECHO).score(b"{}", x_request_id=request_id, x_ms_client_request_id="c", TraceId="t").headers
    assert headers["x-request-id"] == request_id
    assert headers["x-ms-client-request-id"] == "c"
    assert headers["x-ms-request-id"] == "c"
    assert headers["TraceId"] == "t"


def test_ids_that_are_too_long_are_refused(serve):
    reply = serve(ECHO).score(b"{}", x_request_id="a" * 101)
    assert (reply.status, reply.message) == (431, "x-request-id must not exceed 100 characters")
    assert reply.headers["x-request-id"] is None


def test_the_version_header_can_be_switched_off(serve):
    replica = serve(ECHO, env={"SERVER_VERSION_LOG_RESPONSE_ENABLED": "false"})
    assert replica.score(b"{}").headers["x-ms-server-version"] is None


def test_other_paths_and_methods(serve):
    replica = serve(ECHO)
    assert replica.get("/").body == b"Healthy"
    assert replica.get("/nope").status == 404
    assert replica.call("PUT", "/score", b"{}").message == "The method is not allowed for the requested URL."
    assert replica.call("HEAD", "/score").status == 405
    assert replica.call("OPTIONS", "/score").status == 200
    assert replica.get("/swagger.json?version=9").status == 404


def test_the_working_directory_is_the_app_root(serve):
    replica = serve("def init(): pass\ndef run(data): return open('azureml-models/m/1/model.txt').read()\n",
                    files={"azureml-models/m/1/model.txt": "weights"})
    assert replica.score().json() == "weights"


def test_the_model_directory_is_in_the_environment(serve):
    replica = serve("import os\ndef init(): pass\ndef run(data): return os.environ['AZUREML_MODEL_DIR']\n",
                    env={"AZUREML_MODEL_DIR": "azureml-models/m/1"})
    assert replica.score().json() == "azureml-models/m/1"


def test_app_root_and_source_directory_are_on_the_path(serve):
    replica = serve("import beside, within\ndef init(): pass\ndef run(data): return [beside.name, within.name]\n",
                    files={"beside.py": "name = 'beside'", "src/within.py": "name = 'within'"},
                    env={"AZUREML_SOURCE_DIRECTORY": "src"})
    assert replica.score().json() == ["beside", "within"]


def test_the_users_own_modules_do_not_reach_the_server(serve):
    """A json.py beside score.py is a user's mistake that must not look like ours."""
    files = {name: "raise RuntimeError('shadowed')" for name in ("call.py", "inputs.py", "inspect.py", "logs.py")}
    assert serve(ECHO, files=files).score(b"b").json() == "b"


def test_the_script_sees_an_ordinary_world(serve):
    replica = serve("""
        import signal, sys, threading
        seen = {
            'argv': sys.argv[1:], 'name': __name__,
            'sigint': signal.getsignal(signal.SIGINT) is signal.default_int_handler,
            'sigterm': signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
            'main': threading.current_thread() is threading.main_thread(),
        }
        def init(): pass
        def run(data): return dict(seen, run_main=threading.current_thread() is threading.main_thread())
        """)
    assert replica.score().json() == {
        "argv": [], "name": "entry_module", "sigint": True, "sigterm": True, "main": True,
        "run_main": True}


def test_classes_of_the_script_can_be_pickled(serve):
    replica = serve("""
        import pickle
        class Point: pass
        def init(): pass
        def run(data): return type(pickle.loads(pickle.dumps(Point()))).__name__
        """)
    assert replica.score().json() == "Point"


def test_an_absolute_entry_script_wins(serve, tmp_path):
    (tmp_path / "other.py").write_text("def init(): pass\ndef run(data): return 'other'\n")
    assert serve(ECHO, env={"AZUREML_ENTRY_SCRIPT": str(tmp_path / "other.py")}).score().json() == "other"


def test_without_an_entry_script_main_is_imported(serve):
    replica = serve(None, files={"main.py": "def init(): pass\ndef run(data): return __name__\n"},
                    env={"AZUREML_ENTRY_SCRIPT": None})
    assert replica.score().json() == "main"


def test_a_generated_wrapper_keeps_its_init_and_hands_run_to_the_inner_script(serve):
    replica = serve(
        """
        import inner as driver_module
        def init(): driver_module.ready = 'by the wrapper'
        def run(http_body, request_headers): return 'never called'
        """,
        files={"inner.py": "ready = None\ndef init(): pass\ndef run(data): return [ready, data]\n"})
    assert replica.score(b"b").json() == ["by the wrapper", "b"]


def test_globals_stay(serve):
    replica = serve("""
        count = 0
        def init(): pass
        def run(data):
            global count
            count += 1
            return count
        """)
    assert [replica.score().json() for _ in range(3)] == [1, 2, 3]
