"""What the environment says, checked: spec names, defaults and units."""

import json
import os
from typing import Dict, List, Mapping, NamedTuple

from . import __version__


class SettingsError(Exception):
    """All that is wrong with the environment, one line each."""


class Settings(NamedTuple):
    app_root: str  # absolute
    entry_script: str  # "" : import main
    source_directory: str
    model_dir: str
    scoring_timeout_ms: int  # 0: none
    log_level: str
    listen: List[str]
    concurrent_max: int
    body_max_bytes: int
    body_folder: str  # where bodies beyond a few MB wait
    version_header: str  # "" : not sent
    startup_error_file: str
    replica_secret: str  # what routers must show; "" : nothing
    service_name: str
    service_version: str
    service_path_prefix: str


LOG_LEVELS = {
    name: name for name in ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "NOTSET")
}
LOG_LEVELS.update(WARN="WARNING", FATAL="CRITICAL")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raises SettingsError with every problem at once. An empty variable counts as not set."""
    problems = []  # type: List[str]
    from_file = read_config_file(environ, problems)

    def text(name: str, default: str) -> str:
        return environ.get(name, "") or from_file.get(name, "") or default

    def number(name: str, default: int, minimum: int) -> int:
        value = text(name, str(default))
        if value.isascii() and value.isdigit() and int(value) >= minimum:
            return int(value)
        problems.append("%s must be a whole number from %d up, not %r" % (name, minimum, value))
        return default

    app_root = os.path.abspath(text("AML_APP_ROOT", os.getcwd()))
    if not os.path.isdir(app_root):
        problems.append("AML_APP_ROOT: there is no directory %s" % app_root)
    log_level = text("AZUREML_LOG_LEVEL", "INFO").upper()
    if log_level not in LOG_LEVELS:
        problems.append("AZUREML_LOG_LEVEL must be one of %s, not %r" % (", ".join(LOG_LEVELS), log_level))
    shows_version = text("SERVER_VERSION_LOG_RESPONSE_ENABLED", "true").lower() == "true"
    settings = Settings(
        app_root=app_root,
        entry_script=text("AZUREML_ENTRY_SCRIPT", ""),
        source_directory=text("AZUREML_SOURCE_DIRECTORY", ""),
        model_dir=text("AZUREML_MODEL_DIR", ""),
        scoring_timeout_ms=number("SCORING_TIMEOUT_MS", 3600000, 0),
        log_level=LOG_LEVELS.get(log_level, "INFO"),
        listen=[item.strip() for item in text("TIDEGATE_LISTEN", "tcp:127.0.0.1:5001").split(",")],
        concurrent_max=number("TIDEGATE_MAX_CONCURRENT", 1, 1),
        body_max_bytes=number("TIDEGATE_BODY_MAX_BYTES", 100 << 20, 0),
        body_folder=text("TMPDIR", "/tmp"),
        version_header="tidegate/" + __version__ if shows_version else "",
        startup_error_file=environ.get("TIDEGATE_STARTUP_ERROR", ""),
        replica_secret=text("TIDEGATE_REPLICA_SECRET", ""),
        service_name=text("SERVICE_NAME", "ML service"),
        service_version=text("SERVICE_VERSION", "1.0"),
        service_path_prefix=text("SERVICE_PATH_PREFIX", ""),
    )
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


# What the platform's server takes from its configuration file.
_FILE_KEYS = frozenset(
    ("AZUREML_SOURCE_DIRECTORY", "AZUREML_ENTRY_SCRIPT", "AZUREML_MODEL_DIR", "SERVICE_NAME", "WORKSPACE_NAME",
     "SERVICE_PATH_PREFIX", "SERVICE_VERSION", "SCORING_TIMEOUT_MS", "AZUREML_LOG_LEVEL")
)


def config_file(environ: Mapping[str, str]) -> str:
    """AZUREML_CONFIG_FILE, else config.json in the app root or beside the entry script; "": none."""
    root = environ.get("AML_APP_ROOT", "") or os.getcwd()
    places = [environ.get("AZUREML_CONFIG_FILE", ""), os.path.join(root, "config.json")]
    if environ.get("AZUREML_ENTRY_SCRIPT", ""):
        beside = os.path.dirname(os.path.join(root, environ["AZUREML_ENTRY_SCRIPT"]))
        places.append(os.path.join(beside, "config.json"))
    for path in places:
        if path and os.path.isfile(path) and os.path.getsize(path) > 0:
            return path
    return ""


def read_config_file(environ: Mapping[str, str], problems: List[str]) -> Dict[str, str]:
    """Its keys are names of variables; the environment is stronger."""
    path = config_file(environ)
    if not path:
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
    except (OSError, ValueError) as error:
        problems.append("the configuration file %s cannot be read: %s" % (path, error))
        return {}
    if not isinstance(values, dict):
        problems.append("the configuration file %s must hold one JSON object" % path)
        return {}
    return {name: str(value) for name, value in values.items() if name in _FILE_KEYS and value is not None}
