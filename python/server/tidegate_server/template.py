"""The process that workers are forked from: it has imported what the entry script imports of the environment, and
nothing of the user's own. init() happens in the workers.

A process is forked only while it has one thread, because a fork copies no other. Workers are forked twice, so that
their parent is the master, which adopts orphans.
"""

import gc
import importlib
import importlib.util
import os
import socket
import sys
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import _core, logs, messages, process_facts, script, script_imports, worker
from .settings import Settings


class Template(NamedTuple):
    pid: int
    channel: socket.socket


def start(settings: Settings) -> Template:
    """By a fork of the master, which has one thread yet. Returns in the master only."""
    master = os.getpid()
    channel, theirs = messages.channel()
    pid = os.fork()
    if pid == 0:
        channel.close()
        order, control = serve(theirs, settings, master)
        theirs.close()
        worker.run(settings, order, control)
    theirs.close()
    return Template(pid, channel)


def serve(channel: socket.socket, settings: Settings, master: int) -> Tuple[Dict[str, Any], socket.socket]:
    """Returns in workers: with their order, and what they report by. Ends when the master does."""
    os.setsid()  # Ctrl-C is the master's
    _core.die_with_parent()
    if os.getppid() != master:
        os._exit(0)
    while True:
        message = messages.receive(channel)
        if message is None:
            os._exit(0)
        if message.fields["do"] == "import":
            messages.send(channel, import_environment(settings))
            continue
        order, control = message.fields, socket.socket(fileno=message.fd)
        threads = process_facts.thread_count()
        if threads != 1:
            messages.send(channel, {"is": "refused", "number": order["number"], "threads": threads})
        elif fork_twice(master):
            return order, control
        control.close()


def fork_twice(master: int) -> bool:
    """True in the worker, whose parent is the master then."""
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        return False
    if os.fork():
        os._exit(0)
    worker.wait_for_parent(master)
    reseed()
    return True


def reseed() -> None:
    """numpy's global generator is the same after a fork; Python's own is not."""
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()


def import_environment(settings: Settings) -> Dict[str, Any]:
    """What became of it, for the master: seconds, threads that are there now, after which imports, what failed."""
    began = time.monotonic()
    os.chdir(settings.app_root)
    path = script.script_path(settings.app_root, settings.entry_script or "main.py")
    folders = [settings.app_root, os.path.dirname(path)]
    if settings.source_directory:
        folders.append(os.path.join(settings.app_root, settings.source_directory))
    real_stdout = sys.stdout
    sys.stdout = logs.PrintStream(real_stdout, _print_line)
    try:
        left_threads, failed = _import_all(path, folders)
    finally:
        sys.stdout.flush()
        sys.stdout = real_stdout
    gc.collect()
    gc.freeze()  # what a collector does not touch stays shared
    return {"is": "imported", "seconds": time.monotonic() - began, "threads": process_facts.thread_count(),
            "after": left_threads, "failed": failed}


def _print_line(line: str) -> None:
    logs.write_line(logs.prefix("I", "azmlinfsrv.print", "") + line)


def _import_all(path: str, folders: List[str]) -> Tuple[List[str], List[str]]:
    left_threads, failed = [], []  # type: List[str], List[str]
    try:
        with open(path, encoding="utf-8") as file:
            imports = script_imports.of_environment(file.read(), folders)
    except (OSError, SyntaxError, ValueError) as error:
        return [], ["%s: %s" % (path, error)]  # the first worker says it better
    before = process_facts.thread_count()
    for found in imports:
        error = _import(found, folders)
        if error:
            failed.append("%s: %s" % (found.module, error))
        now = process_facts.thread_count()
        if now > before:
            left_threads.append(found.root)
        before = now
    return left_threads, failed


def _import(found: script_imports.Import, folders: List[str]) -> Optional[str]:
    """What went wrong."""
    try:
        spec = importlib.util.find_spec(found.root)
        if spec is None:
            return "not found"
        places = list(spec.submodule_search_locations or []) + [spec.origin or ""]
        if any(os.path.abspath(place).startswith(os.path.join(folder, "")) for place in places for folder in folders):
            return None  # the user's own, by way of PYTHONPATH
        __import__(found.module, {}, {}, found.names, 0)
    except BaseException as error:  # also sys.exit(); the script may know what to do about it
        return "%s: %s" % (type(error).__name__, error)
    return None
