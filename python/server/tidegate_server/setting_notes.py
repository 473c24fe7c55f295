"""What the log says at start about settings that do not count."""

from typing import Callable, List

from .config_file import ConfigFile

_NO_TELEMETRY = "nothing is sent to Application Insights; the log has a line per request, with its id"


def notes_on(text: Callable[[str], str], file: ConfigFile) -> List[str]:
    """`text` gives a variable's value, "" where it is not set."""
    notes = []
    if file.extra:
        notes.append("Found extra keys in the config file that are not supported by the server. Extra keys = %s "
                     "(%s). Set them in the environment if they are variables, or remove them" % (file.extra, file.path))
    if text("AML_APP_INSIGHTS_ENABLED").lower() == "true":
        notes.append("AML_APP_INSIGHTS_ENABLED is ignored: " + _NO_TELEMETRY)
    elif text("AML_APP_INSIGHTS_KEY") and not text("AML_APP_INSIGHTS_ENABLED"):
        notes.append("AML_APP_INSIGHTS_KEY is ignored: " + _NO_TELEMETRY)
    if text("APP_INSIGHTS_LOG_RESPONSE_ENABLED"):
        notes.append("APP_INSIGHTS_LOG_RESPONSE_ENABLED is ignored: " + _NO_TELEMETRY)
    if text("AML_MDC_STORAGE_ENABLED").lower() == "true":
        notes.append("AML_MDC_STORAGE_ENABLED is ignored: " + _NO_TELEMETRY)
    many = ("WORKER_COUNT", "TIDEGATE_WORKER_MAX_REQUESTS", "TIDEGATE_WORKER_MEMORY_MB")
    if text("WORKER_TIMEOUT") and all(text(name) in ("", "0", "1") for name in many):
        notes.append("WORKER_TIMEOUT is ignored with one process: SCORING_TIMEOUT_MS limits each call of run()")
    if text("WORKER_PRELOAD").lower() == "true":
        notes.append("WORKER_PRELOAD is ignored: each worker calls init() itself")
    if text("TRANSPORT_PROTOCOL"):
        notes.append("TRANSPORT_PROTOCOL is ignored: the server speaks HTTP")
    return notes
