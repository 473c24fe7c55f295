"""The life of a replica: settings, listen, load, init(), serve, stop."""

import atexit
import os
import signal
import sys
import threading
from typing import Any, Callable, Dict, List, NoReturn, Optional

# Modules that only some processes need are imported where they are needed: a worker's memory is the user's.
from . import _core, call, logging_file, logs, names, script, startup, swagger, threads, traces
from .logs import logger
from .settings import Settings, SettingsError, read_settings

# A router has the same limit, began to count earlier, and answers 504 when it is over.
ROUTER_FIRST_MS = 100


def main() -> NoReturn:
    traces.prepare()
    notes = read_command_line()
    error_file = os.environ.get("TIDEGATE_STARTUP_ERROR", "")
    try:
        settings = get_settings()
        if not settings.has_router:
            introduce(settings)
        for note in notes + settings.notes:
            logs.write_line(logs.prefix("W", logger.name, "") + note)
        if settings.needs_master:
            from . import workers

            leave(workers.run(settings))
    except startup.StartFailed as failure:
        leave_failed(failure, error_file)
    run(settings, error_file, lambda progress: None)


def read_command_line() -> List[str]:
    if len(sys.argv) == 1 and os.environ.get("TIDEGATE_LISTEN"):  # as Tidegate starts its replicas
        os.environ.setdefault("AML_APP_ROOT", os.getcwd())
        return []
    from . import command_line

    return command_line.apply(sys.argv[1:], program_name(), os.environ)


def introduce(settings: Settings) -> None:
    from . import command_line, overview

    command_line.require_script(settings, program_name())
    overview.show(settings, os.environ)


def run(settings: Settings, error_file: str, tell: Callable[[Dict[str, Any]], None]) -> NoReturn:
    """One process that scores. `tell` hears how far it is."""
    try:
        serve(settings, tell)
    except startup.StartFailed as failure:
        leave_failed(failure, error_file)
    leave(0)


def leave_failed(failure: startup.StartFailed, error_file: str) -> NoReturn:
    startup.report(failure, os.environ.get("AZUREML_MODEL_DIR", ""), error_file)
    leave(startup.EXIT_CODE)


def program_name() -> str:
    name = os.path.basename(sys.argv[0])
    return "python -m tidegate_server" if name in ("__main__.py", "tidegate_server") else name


def get_settings() -> Settings:
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        raise startup.StartFailed("start", error) from None
    os.environ.pop("TIDEGATE_REPLICA_SECRET", None)  # no business of the script or its children
    if settings.model_dir:
        os.environ["AZUREML_MODEL_DIR"] = settings.model_dir  # also when the configuration file says it
    return settings


def serve(settings: Settings, tell: Callable[[Dict[str, Any]], None]) -> None:
    lines = logging_file.request_lines(settings.logging_file)
    server = make_server(settings, lines.write_fd if lines else logs.STDOUT_FD)
    try:
        enter_app_root(settings)
        names.install(server.request_id)
        install_logs(settings, server, lines)
        if settings.debug_port:
            from . import debugger

            debugger.connect(settings.debug_port)
        entry = load_script(settings)
        thread_count = count_threads(settings, entry)
        tell({"is": "init"})
        run_init(entry)
        entry = add_flask(entry)
        documents = make_swagger(settings, entry)
        call.raise_on_alarm(server.timed_out)
        keep_interrupts_from_event_loops(server.stop_admitting)
        logger.info("Scoring timeout is set to %d", settings.scoring_timeout_ms)
        logger.info("Worker with pid %d ready for serving traffic", os.getpid())
        server.open(headers=entry.needs_headers, every_method=entry.needs_every_method, swagger=documents)
        tell({"is": "ready", "slots": thread_count})
        threads.serve(server, call.make_handler(entry, settings.scoring_timeout_ms), thread_count)
        chained = signal.getsignal(signal.SIGTERM)  # a handler that the script has set
        logger.info("Worker exiting (pid: %d)", os.getpid())
    finally:
        server.stop()
        if lines:
            lines.close()
    if callable(chained):
        chained(signal.SIGTERM, None)


def make_server(settings: Settings, log_fd: int) -> Any:
    try:
        server = _core.Server(
            settings.listen,
            concurrent_max=settings.concurrent_max,
            body_max_bytes=settings.body_max_bytes,
            body_folder=settings.body_folder,
            scoring_timeout_ms=settings.scoring_timeout_ms,
            scoring_margin_ms=ROUTER_FIRST_MS if settings.has_router else 0,
            version=settings.version_header,
            log_fd=log_fd,
            replica_secret=settings.replica_secret,
            cors_origins=settings.cors_origins,
        )
        addresses = server.start()
    except ValueError as error:
        raise startup.StartFailed("start", error) from None
    except OSError as error:
        raise startup.StartFailed("start", startup.cannot_listen(error, settings.has_router)) from None
    os.register_at_fork(after_in_child=server.after_fork_in_child)
    for address in addresses:
        logs.write_line(logs.prefix("I", logger.name, "") + "Listening on " + address)
    return server


def install_logs(settings: Settings, server: Any, lines: Optional[logging_file.RequestLines]) -> None:
    try:
        logs.install(settings.log_level, server.request_id, settings.logging_file)
    except logging_file.LoggingFileError as error:
        raise startup.StartFailed("start", error) from None
    if lines:
        lines.start()


def enter_app_root(settings: Settings) -> None:
    """The script's own files come first on its path, as when it is run by hand; and it finds relative
    paths such as azureml-models/... where it looks for them."""
    os.chdir(settings.app_root)
    folders = [settings.app_root]
    if settings.source_directory:
        folders.append(os.path.join(settings.app_root, settings.source_directory))
    sys.path[:0] = folders
    sys.argv = [script.script_path(settings.app_root, settings.entry_script or "main.py")]


def load_script(settings: Settings) -> script.Script:
    try:
        module = script.load(settings.app_root, settings.entry_script)
    except BaseException as error:
        if not settings.entry_script and getattr(error, "name", None) == "main":
            explain_missing_main(settings.app_root)
        stage = "check" if isinstance(error, script.ScriptError) else "import"
        raise startup.StartFailed(stage, error) from None
    try:
        return script.check(module)
    except (script.ScriptError, ImportError, TypeError, ValueError) as error:
        raise startup.StartFailed("check", error) from None


def count_threads(settings: Settings, entry: script.Script) -> int:
    try:
        return threads.thread_count(os.environ, entry.run, settings.concurrent_max)
    except ValueError as error:
        raise startup.StartFailed("start", error) from None


def explain_missing_main(app_root: str) -> None:
    logger.error("No score script found. Expected score script main.py.")
    logger.error("Expected script to be found in PYTHONPATH: %s", sys.path)
    logger.error("Current contents of AML_APP_ROOT: %s", sorted(os.listdir(app_root)))


def run_init(entry: script.Script) -> None:
    logger.info("Invoking user's init function")
    try:
        entry.init()
    except BaseException as error:  # also sys.exit()
        logger.error("User's init function failed")
        raise startup.StartFailed("init", error) from None
    logger.info("Users's init has completed successfully")


def add_flask(entry: script.Script) -> script.Script:
    try:
        return script.with_flask(entry)
    except (ImportError, TypeError, ValueError) as error:
        raise startup.StartFailed("check", error) from None


def keep_interrupts_from_event_loops(stop: Callable[[], Any]) -> None:
    """asyncio.run() takes SIGINT over where it finds Python's own handler, and puts that back afterwards: from then on
    SIGINT would end the process in the middle. `stop` is what the server's own handler does."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, frame: stop())


def make_swagger(settings: Settings, entry: script.Script) -> Dict[str, str]:
    try:
        return swagger.documents(settings, entry.run)
    except (OSError, TypeError, ValueError) as error:
        raise startup.StartFailed("check", error) from None


def leave(code: int) -> NoReturn:
    """As sys.exit(), but threads that user code left behind do not hold the process."""
    logs.end_print_line()
    if any(thread is not threading.current_thread() and not thread.daemon for thread in threading.enumerate()):
        logger.warning("threads of the script are still running; leaving without them")
        atexit._run_exitfuncs()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
