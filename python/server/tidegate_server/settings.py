"""What the environment says, checked: spec names, defaults and units."""

import os
from typing import List, Mapping, NamedTuple

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


LOG_LEVELS = {
    name: name for name in ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "NOTSET")
}
LOG_LEVELS.update(WARN="WARNING", FATAL="CRITICAL")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raises SettingsError with every problem at once. An empty variable counts as not set."""
    problems = []  # type: List[str]

    def text(name: str, default: str) -> str:
        return environ.get(name, "") or default

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
    )
    if problems:
        raise SettingsError("\n".join(problems))
    return settings
