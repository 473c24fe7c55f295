"""config.json, the platform's configuration file: its keys are names of variables, and the environment is stronger."""

import json
import os
from typing import Any, Dict, List, Mapping, NamedTuple

# What the platform's server takes from it.
KEYS = frozenset(
    ("AZUREML_SOURCE_DIRECTORY", "AZUREML_ENTRY_SCRIPT", "AZUREML_MODEL_DIR", "SERVICE_NAME", "WORKSPACE_NAME",
     "SERVICE_PATH_PREFIX", "SERVICE_VERSION", "SCORING_TIMEOUT_MS", "AZUREML_LOG_LEVEL",
     "APP_INSIGHTS_LOG_RESPONSE_ENABLED", "HOSTNAME", "AZUREML_DEBUG_PORT")
)


class ConfigFile(NamedTuple):
    path: str  # "" : there is none
    values: Dict[str, str]
    extra: List[str]  # keys that are not taken from a file


def find(environ: Mapping[str, str], problems: List[str]) -> str:
    """AZUREML_CONFIG_FILE, else config.json in the app root or beside the entry script; "": none. An empty file
    is none."""
    named = environ.get("AZUREML_CONFIG_FILE", "")
    if named and not os.path.isfile(named):
        problems.append("AZUREML_CONFIG_FILE (--config_file): there is no file %s. Name an existing JSON file, or "
                        "leave it out" % os.path.abspath(named))
        return ""
    root = environ.get("AML_APP_ROOT", "") or os.getcwd()
    for path in [named] + places(root, environ.get("AZUREML_ENTRY_SCRIPT", ""), "config.json"):
        if path and os.path.isfile(path) and os.path.getsize(path) > 0:
            return path
    return ""


def places(app_root: str, entry_script: str, name: str) -> List[str]:
    """Where a file of the server's may lie: in the app root, and beside the entry script."""
    return [os.path.join(folder, name) for folder in (
        app_root, os.path.dirname(os.path.join(app_root, entry_script)) if entry_script else app_root)]


def read(environ: Mapping[str, str], problems: List[str]) -> ConfigFile:
    """Adds what is wrong with the file to `problems`."""
    path = find(environ, problems)
    if not path:
        return ConfigFile("", {}, [])
    try:
        with open(path, encoding="utf-8") as file:
            keys = json.load(file)
    except (OSError, ValueError) as error:
        problems.append("the configuration file %s cannot be read: %s. Correct it, or remove it" % (path, error))
        return ConfigFile(path, {}, [])
    if not isinstance(keys, dict):
        problems.append("the configuration file %s must hold one JSON object, not %s"
                        % (path, type(keys).__name__))
        return ConfigFile(path, {}, [])
    values = {name: as_variable(name, keys[name], path, problems) for name in sorted(KEYS & set(keys))}
    return ConfigFile(path, {name: text for name, text in values.items() if text}, sorted(set(keys) - KEYS))


def as_variable(name: str, value: Any, path: str, problems: List[str]) -> str:
    """Text, numbers and truth values as a variable would have them; null: not set."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    problems.append("%s in %s must be text or a number, not %s" % (name, path, json.dumps(value)[:40]))
    return ""
