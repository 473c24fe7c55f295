"""Settings from the environment, the configuration file and flags: spec/scoring-runtime.md 6."""

import json

from case import Group, get, post

# The body of a request names what is wanted.
TELL = """
import os, sys
def init(): pass
def run(data):
    if data == "path":
        return [os.path.relpath(folder, os.environ["AML_APP_ROOT"]) for folder in sys.path if folder.startswith(os.environ["AML_APP_ROOT"])]
    if data == "cwd":
        return os.path.relpath(os.getcwd(), os.environ["AML_APP_ROOT"])
    if data == "beside":
        import beside
        return beside.name
    if data == "slow":
        import time
        time.sleep(5)
    if data == "slow-caught":
        import time
        try:
            time.sleep(5)
        except Exception as error:
            return type(error).__name__
    return os.environ.get(data)
"""

BASE = (post("plain", b"AML_APP_ROOT_NOT_SET"), get("health", "/"), get("swagger", "/swagger.json?version=3"))


def asked(*names):
    return tuple(post(name, name) for name in names)


CONFIG = {
    "SERVICE_NAME": "from-file", "SERVICE_VERSION": "3.3", "SERVICE_PATH_PREFIX": "file/prefix", "SCORING_TIMEOUT_MS": 150,
    "UNKNOWN_KEY": 1,
}


def config_file(**keys):
    return json.dumps({**CONFIG, **keys})


FROM_FILE = (*BASE, *asked("SERVICE_NAME", "slow"), get("swagger-2", "/swagger.json"))
MAIN = {"main.py": "def init(): pass\ndef run(data): return __name__\n"}

GROUPS = [
    Group("timeout", (*BASE, post("slow", b"slow"), post("slow-caught", b"slow-caught").differs(
        "time limit that is caught", body=b'"ScoringTimeout"'), post("after", b"HOSTNAME")), TELL,
          env={"SCORING_TIMEOUT_MS": "150"}),
    Group("source-directory", (*BASE, *asked("cwd", "beside", "AZUREML_SOURCE_DIRECTORY")), TELL,
          files={"src/beside.py": "name = 'within'"}, env={"AZUREML_SOURCE_DIRECTORY": "src"}),
    Group("variables", (*BASE, *asked("HOSTNAME", "AZUREML_MODEL_DIR", "SERVICE_NAME", "AML_APP_INSIGHTS_KEY", "NO_SUCH")), TELL,
          env={"AZUREML_MODEL_DIR": "azureml-models/m/1", "SERVICE_NAME": "s"}),
    Group("no-version-header", BASE, TELL, env={"SERVER_VERSION_LOG_RESPONSE_ENABLED": "false"}),
    Group("version-header-TRUE", BASE, TELL, env={"SERVER_VERSION_LOG_RESPONSE_ENABLED": "TRUE"}),
    Group("config-in-root", FROM_FILE, TELL, files={"config.json": config_file()}),
    Group("config-empty", FROM_FILE[:-1], TELL, files={"config.json": ""}, env={"SCORING_TIMEOUT_MS": "150"}),
    Group("config-beside-script", FROM_FILE, None,
          files={"code/score.py": TELL, "code/config.json": config_file()}, env={"AZUREML_ENTRY_SCRIPT": "code/score.py"}),
    Group("config-by-variable", FROM_FILE, TELL, files={"other/my.json": config_file(), "config.json": '{"SERVICE_NAME": "no"}'},
          env={"AZUREML_CONFIG_FILE": "{app}/other/my.json"}),
    Group("environment-over-config", FROM_FILE, TELL, files={"config.json": config_file()},
          env={"SERVICE_NAME": "from-environment", "SCORING_TIMEOUT_MS": "200"}),
    Group("script-from-config", FROM_FILE, TELL, files={"config.json": config_file(AZUREML_ENTRY_SCRIPT="score.py")},
          env={"AZUREML_ENTRY_SCRIPT": None, "AZUREML_CONFIG_FILE": "{app}/config.json"},
          flags=("--config_file", "{app}/config.json")),
]
