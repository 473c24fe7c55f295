"""Starts that fail: spec/scoring-runtime.md 1 and 6."""

from case import Start

INIT_FAILS = "def init(): raise ValueError('of init')\ndef run(data): pass\n"
SHAPES = "run() cannot accept positional-only arguments, *args, or **kwargs."
FINE = "def init(): pass\ndef run(data): pass\n"
BOTH = """
from azureml.contrib.services.aml_request import rawhttp
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
def init(): pass
@rawhttp
@input_schema("a", StandardPythonParameterType(1))
def run(a): return a
"""

STARTS = [
    Start("no-init", "def run(data): pass\n", ("does not have a init() function defined.",)),
    Start("no-run", "def init(): pass\n", ("does not have a run() function defined.",)),
    Start("import-fails", "import no_such_module\n" + FINE, ("No module named 'no_such_module'",)),
    Start("syntax", "def init(: pass\n", ("SyntaxError",)),
    Start("init-fails", INIT_FAILS, ("Invoking user's init function", "User's init function failed", "ValueError: of init")),
    Start("init-exits", "import sys\ndef init(): sys.exit(0)\ndef run(data): pass\n", ("User's init function failed",)),
    Start("init-with-parameter", "def init(x): pass\ndef run(data): pass\n", ("TypeError",)),
    Start("args", "def init(): pass\ndef run(*args): pass\n", (SHAPES,)),
    Start("kwargs", "def init(): pass\ndef run(data, **more): pass\n", (SHAPES,)),
    Start("positional", "def init(): pass\ndef run(data, /): pass\n", (SHAPES,)),
    Start("no-parameter", "def init(): pass\ndef run(): pass\n", ("run() needs to accept an argument for input data.",)),
    Start("headers-only", "def init(): pass\ndef run(request_headers): pass\n",
          ('run() needs to accept an argument other than "request_headers".',)),
    Start("both-decorators", BOTH, ("run() cannot be decorated with both @rawhttp and @input_schema",)),
    Start("no-script", None, ("score.py", "No such file")),
    Start("model-tree", INIT_FAILS, ("Model Directory Contents:", "models/", "        weights.bin"),
          files={"models/m/weights.bin": "x"}, env={"AZUREML_MODEL_DIR": "models"}),
    Start("bad-timeout", FINE, ("SCORING_TIMEOUT_MS",), env={"SCORING_TIMEOUT_MS": "soon"}),
    Start("bad-cors-expression", FINE, ("regular expression", "http://(a"), env={"AML_CORS_ORIGINS": "http://(a"}),
    Start("bad-config-file", FINE, ("config",), files={"config.json": "{"}),
    Start("bad-value-in-config", FINE, ("SCORING_TIMEOUT_MS",), files={"config.json": '{"SCORING_TIMEOUT_MS": "soon"}'}),
]
