"""What the program prints before it starts: version, settings, routes."""

import os
import sys
from typing import List, Mapping, Tuple

from . import __version__
from .settings import Settings


def show(settings: Settings, environ: Mapping[str, str]) -> None:
    sys.stdout.write(text(settings, environ))
    sys.stdout.flush()


def text(settings: Settings, environ: Mapping[str, str]) -> str:
    serving, health = environ["SERVER_PORT"], environ["HEALTH_PORT"]
    table = "".join("%s: %s\n" % row for row in rows(settings, environ))
    return (
        "\nTidegate scoring server v%s\n" % __version__
        + "\nServer Settings\n---------------\n" + table
        + "\nServer Routes\n---------------\n"
        + "Liveness Probe: GET   127.0.0.1:%s/\n" % health
        + "Score:          POST  127.0.0.1:%s/score\n\n" % serving)


def rows(settings: Settings, environ: Mapping[str, str]) -> List[Tuple[str, str]]:
    has_key = bool(environ.get("AML_APP_INSIGHTS_KEY"))
    return [
        ("App Root", settings.app_root),
        ("Entry Script Name", settings.entry_script or "main.py"),
        ("Model Directory", model_directory(settings)),
        ("Config File", settings.config_file or "None"),
        ("Logging File", settings.logging_file or "None"),
        ("Worker Count", str(settings.worker_count)),
        ("Requests Waiting at Most", str(settings.concurrent_max)),
        ("Scoring Timeout (milliseconds)", str(settings.scoring_timeout_ms or "None")),
        ("Server Port", environ["SERVER_PORT"]),
        ("Health Port", environ["HEALTH_PORT"]),
        ("Application Insights Enabled", "false"),
        ("Application Insights Key", "provided, not used" if has_key else "None"),
        ("Inferencing HTTP server version", settings.version_header or "not sent"),
        ("CORS for the specified origins", environ.get("AML_CORS_ORIGINS") or "None"),
        ("Create dedicated endpoint for health", str(len(settings.listen) > 1).lower()),
    ]


def model_directory(settings: Settings) -> str:
    if not settings.model_dir:
        return "None (--model_dir sets AZUREML_MODEL_DIR)"
    there = os.path.isdir(os.path.join(settings.app_root, settings.model_dir))
    return settings.model_dir + ("" if there else " (does not exist)")
