"""Shapes of entry scripts: the wrapper that the SDK makes, decorators and their combinations, kinds of run()."""

from case import JSON, Case, Group, Start, get, message, post

# As spec/scoring-runtime.md 1 has it: the wrapper loads the user's script as `driver_module`, and forwards.
WRAPPER = """
import importlib.util
import inspect
import os
import sys

beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "source")
sys.path.append(beside)
spec = importlib.util.spec_from_file_location("driver_module", os.path.join(beside, "score.py"))
driver_module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(driver_module)

def init():
    global name
    name = next(iter(inspect.signature(driver_module.run).parameters), None)
    driver_module.init()
    driver_module.wrapped = True

def run(http_body, request_headers):
    return ["the wrapper's", driver_module.run(**{name: http_body})]
"""
TEXT = """
wrapped = False
def init(): pass
def run(data): return [type(data).__name__, data, wrapped, __name__]
"""
HEADERS = """
def init(): pass
def run(body, request_headers): return [body, request_headers.get("X-A")]
"""
SCHEMA_IMPORTS = """
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
"""
SCHEMA = SCHEMA_IMPORTS + """
def init(): pass
@input_schema("a", StandardPythonParameterType(1))
@input_schema("b", StandardPythonParameterType("x"), optional=True)
@output_schema(StandardPythonParameterType([1]))
def run(a, b="none"): return [a, b]
"""
RAW = """
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse
def init(): pass
@rawhttp
def run(request): return AMLResponse(request.get_data(), 201, {"X-Method": request.method})
"""
NO_DRIVER = "driver_module = 5\ndef init(): pass\ndef run(data): return 'own'\n"
NO_RUN = "import json as driver_module\ndef init(): pass\ndef run(data): return 'own'\n"

ASKED = (
    post("json", {"a": 1, "b": "y"}, (*JSON, ("X-A", "v"))), post("text", "some text", (("Content-Type", "text/plain"),)),
    post("empty", b"", JSON), post("bad-json", b"{", JSON), get("get", "/score?a=1&b=z"), Case("OPTIONS", "OPTIONS"),
    Case("HEAD", "HEAD"), get("swagger-2", "/swagger.json"), get("swagger-3", "/swagger.json?version=3"))


def wrapped(name, script):
    return Group(f"wrapper-{name}", ASKED, None, files={"app/tmp1.py": WRAPPER, "app/source/score.py": script},
                 env={"AZUREML_ENTRY_SCRIPT": "app/tmp1.py"})


PASSING_ON = """
import functools
def passing_on(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs): return ["decorated", function(*args, **kwargs)]
    return wrapper
"""
SHAPES = {
    "decorated": PASSING_ON + "def init(): pass\n@passing_on\ndef run(data): return data\n",
    "decorated-schema": PASSING_ON + SCHEMA.replace("@input_schema(\"a\"", "@passing_on\n@input_schema(\"a\""),
    "decorated-raw": PASSING_ON + RAW.replace("@rawhttp", "@rawhttp\n@passing_on").replace("AMLResponse(request", "str(request"),
    "output-schema": SCHEMA_IMPORTS + "def init(): pass\n@output_schema(StandardPythonParameterType(1))\ndef run(data): return data\n",
    "schema-order": SCHEMA_IMPORTS + "def init(): pass\n@output_schema(StandardPythonParameterType(1))\n"
                    "@input_schema('a', StandardPythonParameterType(1))\ndef run(a): return a\n",
    "schema-headers": SCHEMA.replace("def run(a,", "def run(request_headers, a,").replace("[a, b]", "[a, b, request_headers.get('X-A')]"),
    "schema-keyword-only": SCHEMA.replace("def run(a,", "def run(*, a,"),
    "schema-missing-one": SCHEMA.replace("def run(a,", "def run(c=5, a=6,").replace("[a, b]", "[a, b, c]"),
    "callable-object": "class Runner:\n    def __call__(self, data): return ['object', data]\ndef init(): pass\nrun = Runner()\n",
    "bound-method": "class Runner:\n    def go(self, data): return ['method', data]\ndef init(): pass\nrun = Runner().go\n",
    "lambda": "init = lambda: None\nrun = lambda data: ['lambda', data]\n",
    "partial": "import functools\ndef init(): pass\ndef both(x, data): return [x, data]\nrun = functools.partial(both, 1)\n",
    "set-by-init": "run = lambda data: 'first'\ndef init():\n    global run\n    run = lambda data: 'second'\n",
    "generator-function": "def init(): pass\ndef run(data): yield data\n",
    "default": "def init(): pass\ndef run(data='none', more=5): return [data, more]\n",
    "annotated": "def init() -> None: pass\ndef run(data: int) -> str: return data\n",
    "init-returns": "def init(): return 5\ndef run(data): return 'fine'\n",
    "global-state": "count = 0\ndef init(): pass\ndef run(data):\n    global count\n    count += 1\n    return count\n",
    "named-self": "def init(): pass\ndef run(self): return self\n",
    "raw-import-only": RAW.replace("@rawhttp\n", "").replace("request.get_data()", "str(request)").replace("request.method", "'x'"),
}

EXITS = "import sys, os\ndef init(): pass\ndef run(data): sys.exit(3)\n"
FAILED = dict(
    status=500, whole=True, body=message("An unexpected error occurred in scoring script. Check the logs for more info."),
    content_type="application/json", connection="close", x_request_id="<uuid>", x_ms_request_id="<uuid>",
    x_ms_run_function_failed="True", x_ms_server_version="tidegate/0.1.0", content_length="92")
BAD_UTF8 = dict(
    status=400, body=message("POST body could not be decoded as JSON: 'utf-8' codec can't decode byte 0xff in position 6: "
                             "invalid start byte"))

GROUPS = [
    wrapped("text", TEXT), wrapped("headers", HEADERS), wrapped("schema", SCHEMA), wrapped("raw", RAW),
    Group("wrapper-is-no-module", ASKED, NO_DRIVER), Group("wrapper-without-run", ASKED, NO_RUN),
    *(Group(f"shape-{name}", ASKED, script) for name, script in SHAPES.items()),
    Group("run-exits", (post("exit", "x").differs("exit in run()", **FAILED),), EXITS),
    Group("schema-bytes", (post("bad-utf8", b'{"a": \xff}', JSON).differs("bad UTF-8 in JSON", **BAD_UTF8),), SCHEMA),
]

STARTS = [
    Start("wrapper-init-fails", None, ("User's init function failed", "ValueError: of the user's"), env={"AZUREML_ENTRY_SCRIPT": "tmp1.py"},
          files={"tmp1.py": WRAPPER, "source/score.py": "def init(): raise ValueError(\"of the user's\")\ndef run(d): pass\n"}),
    Start("wrapper-args", None, ("run() cannot accept positional-only arguments, *args, or **kwargs.",),
          env={"AZUREML_ENTRY_SCRIPT": "tmp1.py"}, files={"tmp1.py": WRAPPER, "source/score.py": "def init(): pass\ndef run(*a): pass\n"}),
    Start("wrapper-without-script", None, ("score.py", "No such file"), env={"AZUREML_ENTRY_SCRIPT": "tmp1.py"}, files={"tmp1.py": WRAPPER}),
    Start("run-is-no-function", "def init(): pass\nrun = 5\n", ()),
    Start("init-is-no-function", "init = 5\ndef run(data): pass\n", ("User's init function failed",)),
]
