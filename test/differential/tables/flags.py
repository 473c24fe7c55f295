"""Flags of the program: spec/scoring-runtime.md 6."""

import json

from case import Case, Group, Start, get, post

TELL = """
import os
def init(): pass
def run(name): return os.environ.get(name)
"""
FINE = "def init(): pass\ndef run(data): return data\n"
CONFIG = json.dumps({"SERVICE_NAME": "of the file", "SERVICE_VERSION": "3.3"})


def asked(*names):
    return (*(post(name, name) for name in names), get("health", "/"), get("swagger", "/swagger.json?version=3"))


def cors():
    for origin in ("http://a.com", "http://b.com", "http://c.com"):
        yield post(f"origin-{origin}", b"x", (("Origin", origin),))
        yield Case(f"preflight-{origin}", "OPTIONS", headers=(("Origin", origin), ("Access-Control-Request-Method", "POST")))


GROUPS = [
    Group("flag-model-dir", asked("AZUREML_MODEL_DIR", "AML_APP_ROOT"), TELL, files={"models/m": ""},
          env={"AZUREML_MODEL_DIR": "other"}, flags=("--model_dir", "models")),
    Group("flag-abbreviated", asked("AZUREML_MODEL_DIR"), TELL, files={"models/m": ""}, flags=("--model", "models")),
    Group("flag-entry-script", asked("AZUREML_ENTRY_SCRIPT"), None, files={"code/mine.py": TELL},
          env={"AZUREML_ENTRY_SCRIPT": None}, flags=("--entry_script", "code/mine.py")),
    Group("flag-entry-script-over-variable", asked("AZUREML_ENTRY_SCRIPT"), None, files={"mine.py": TELL},
          env={"AZUREML_ENTRY_SCRIPT": "other.py"}, flags=("--entry_script=mine.py",)),
    Group("flag-config-file", asked("SERVICE_NAME", "AZUREML_CONFIG_FILE"), TELL, files={"other/my.json": CONFIG},
          env={"AZUREML_CONFIG_FILE": "{app}/none.json"}, flags=("--config_file", "other/my.json")),
    Group("flag-worker-count", asked("WORKER_COUNT"), TELL, env={"WORKER_COUNT": "3"}, flags=("--worker_count", "2")),
    Group("flag-cors", tuple(cors()), TELL, env={"AML_CORS_ORIGINS": "http://c.com"},
          flags=("--access_control_allow_origins", "http://a.com, http://b.com")),
]


def refused(name, *flags, text):
    return Start(f"flag-{name}", FINE, ("usage: ", f"error: {text}"), code=1, flags=flags)


STARTS = [
    refused("port-word", "--port", "abc", text="argument --port: "),
    refused("port-0", "--port", "0", text="argument --port: "),
    refused("port-65536", "--port", "65536", text="argument --port: "),
    refused("health-port", "--health_port", "-", text="argument --health_port: "),
    refused("worker-count-0", "--worker_count", "0", text="argument --worker_count: "),
    refused("without-value", "--model_dir", text="argument --model_dir: expected one argument"),
    refused("unknown", "--nonsense", text="unrecognized arguments: --nonsense"),
    refused("positional", "score.py", text="unrecognized arguments: score.py"),
    Start("flag-help", FINE, ("usage: ", "--entry_script", "--model_dir", "--config_file"), code=1, flags=("--help",),
          intended="help ends well", our_code=0),
]
