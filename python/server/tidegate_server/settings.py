"""What environment and configuration file say, checked: spec names, defaults and units."""

import os
from typing import List, Mapping, NamedTuple

from . import __version__, config_file
from .setting_notes import notes_on


class SettingsError(Exception):
    """All that is wrong with the settings, one line each."""


class Settings(NamedTuple):
    app_root: str  # absolute
    entry_script: str  # "" : import main
    source_directory: str
    model_dir: str
    config_file: str  # "" : none
    logging_file: str  # logging.json; "" : none
    scoring_timeout_ms: int  # 0: none
    log_level: str
    has_router: bool  # requests come from a router of Tidegate's, which wants refusals at once
    listen: List[str]
    concurrent_max: int
    worker_count: int
    worker_timeout_s: int  # with several processes: a request that takes longer ends its worker; 0: none does
    worker_max_requests: int  # then a worker is replaced; 0: never
    worker_memory_mb: int  # then, too; 0: never
    body_max_bytes: int
    body_folder: str  # where bodies beyond a few MB wait
    version_header: str  # "" : not sent
    startup_error_file: str
    replica_secret: str  # what routers must show; "" : nothing
    service_name: str
    service_version: str
    service_path_prefix: str
    debug_port: int  # where a debugger listens; 0: none
    notes: List[str]  # for the log: what was said and does not count
    cors_origins: List[str]  # empty: no CORS

    @property
    def needs_master(self) -> bool:
        """Scoring happens in processes that another one starts and replaces."""
        return self.worker_count > 1 or self.worker_max_requests > 0 or self.worker_memory_mb > 0


LOG_LEVELS = {
    name: name for name in ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "NOTSET")
}
LOG_LEVELS.update(WARN="WARNING", FATAL="CRITICAL")

PORT_DEFAULT = 5001
PORT_MAX = 65535
WAITING_MAX_DEFAULT = 1000  # requests that wait for the worker when nobody in front queues them


class Values:
    """Environment over file. An empty variable counts as not set. Problems are collected."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems = []  # type: List[str]
        self.file = config_file.read(environ, self.problems)

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "") or self.file.values.get(name, "") or default

    def number(self, name: str, default: int, minimum: int, maximum: int = 0) -> int:
        value = self.text(name, str(default))
        if value.isascii() and value.isdigit() and minimum <= int(value) <= (maximum or int(value)):
            return int(value)
        allowed = "from %d to %d" % (minimum, maximum) if maximum else "from %d up" % minimum
        self.problems.append("%s must be a whole number %s, not %r (%s)" % (name, allowed, value, self.source(name)))
        return default

    def source(self, name: str) -> str:
        return "environment" if self.environ.get(name, "") else self.file.path


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raises SettingsError with every problem at once."""
    values = Values(environ)
    text, number = values.text, values.number
    app_root = os.path.abspath(text("AML_APP_ROOT", os.getcwd()))
    if not os.path.isdir(app_root):
        values.problems.append("AML_APP_ROOT: there is no directory %s. Name the folder of the service's code"
                               % app_root)
    log_level = text("AZUREML_LOG_LEVEL", "INFO").upper()
    if log_level not in LOG_LEVELS:
        values.problems.append("AZUREML_LOG_LEVEL must be one of %s, not %r (%s)"
                               % (", ".join(LOG_LEVELS), log_level, values.source("AZUREML_LOG_LEVEL")))
    shows_version = text("SERVER_VERSION_LOG_RESPONSE_ENABLED", "true").lower() == "true"
    has_router = bool(environ.get("TIDEGATE_LISTEN", ""))
    worker_count = number("WORKER_COUNT", 1, 1)
    settings = Settings(
        app_root=app_root,
        entry_script=entry_script(values),
        source_directory=text("AZUREML_SOURCE_DIRECTORY"),
        model_dir=text("AZUREML_MODEL_DIR"),
        config_file=values.file.path,
        logging_file=next(filter(os.path.isfile, config_file.places(
            app_root, text("AZUREML_ENTRY_SCRIPT"), "logging.json")), ""),
        scoring_timeout_ms=number("SCORING_TIMEOUT_MS", 3600000, 0),
        log_level=LOG_LEVELS.get(log_level, "INFO"),
        has_router=has_router,
        listen=addresses(values),
        concurrent_max=number("TIDEGATE_MAX_CONCURRENT", worker_count if has_router else WAITING_MAX_DEFAULT, 1),
        worker_count=worker_count,
        worker_timeout_s=number("WORKER_TIMEOUT", 300, 0),
        worker_max_requests=number("TIDEGATE_WORKER_MAX_REQUESTS", 0, 0),
        worker_memory_mb=number("TIDEGATE_WORKER_MEMORY_MB", 0, 0),
        body_max_bytes=number("TIDEGATE_BODY_MAX_BYTES", 100 << 20, 0),
        body_folder=text("TMPDIR", "/tmp"),
        version_header="tidegate/" + __version__ if shows_version else "",
        startup_error_file=environ.get("TIDEGATE_STARTUP_ERROR", ""),
        replica_secret=text("TIDEGATE_REPLICA_SECRET"),
        service_name=text("SERVICE_NAME", "ML service"),
        service_version=text("SERVICE_VERSION", "1.0"),
        service_path_prefix=text("SERVICE_PATH_PREFIX"),
        debug_port=number("AZUREML_DEBUG_PORT", 0, 1, PORT_MAX) if text("AZUREML_DEBUG_PORT") else 0,
        notes=notes_on(text, values.file) + missing_model(app_root, text("AZUREML_MODEL_DIR")),
        cors_origins=[item.strip() for item in environ.get("AML_CORS_ORIGINS", "").split(",") if item],
    )
    if values.problems:
        raise SettingsError("\n".join(values.problems))
    return settings


def entry_script(values: Values) -> str:
    """The user's, or ours for a model that comes without one."""
    framework = values.text("TIDEGATE_NO_CODE")
    if not framework:
        return values.text("AZUREML_ENTRY_SCRIPT")
    from . import no_code

    path = no_code.script_of(framework)
    if not path:
        values.problems.append("TIDEGATE_NO_CODE must be one of %s, not %r (%s)" % (
            ", ".join(no_code.frameworks()), framework, values.source("TIDEGATE_NO_CODE")))
    return path


def missing_model(app_root: str, model_dir: str) -> List[str]:
    """No error: scripts that find their model elsewhere have run so on the platform."""
    if not model_dir or os.path.isdir(os.path.join(app_root, model_dir)):
        return []
    return ["AZUREML_MODEL_DIR (--model_dir): there is no directory %s; an init() that loads a model from it will "
            "fail. Name the folder of the model" % model_dir]


def addresses(values: Values) -> List[str]:
    """TIDEGATE_LISTEN, else the ports of all interfaces that the command line has written."""
    listed = values.environ.get("TIDEGATE_LISTEN", "")
    if listed:
        return [item.strip() for item in listed.split(",")]
    ports = [values.number("SERVER_PORT", PORT_DEFAULT, 1, PORT_MAX)]
    ports.append(values.number("HEALTH_PORT", ports[0], 1, PORT_MAX))
    return ["tcp:0.0.0.0:%d" % port for port in sorted(set(ports), key=ports.index)]
