"""A worker process: the scoring server as ever, behind a unix socket, telling the master how far it is."""

import os
import signal
import socket
import sys
import time
from typing import Any, Dict, List, NoReturn

from . import _core, messages, traces
from .settings import Settings

_PARENT_WAIT_S = 5.0


def command(control_fd: int) -> List[str]:
    """Of a fresh interpreter that becomes a worker; its order comes by the descriptor."""
    import subprocess

    flags = getattr(subprocess, "_args_from_interpreter_flags", list)()
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    code = (
        "import sys\n"
        "if sys.path[:1] == ['']: del sys.path[0]\n"
        "if %r not in sys.path: sys.path.insert(0, %r)\n"
        "from tidegate_server.worker import run_spawned\n"
        "run_spawned(%d)\n" % (root, root, control_fd))
    return [sys.executable, *flags, "-c", code]


def run_spawned(control_fd: int) -> NoReturn:
    os.setsid()  # Ctrl-C is the master's
    traces.prepare()
    control = socket.socket(fileno=control_fd)
    control.set_inheritable(False)
    message = messages.receive(control)
    if message is None:
        os._exit(0)
    wait_for_parent(message.fields["master"])
    run(Settings(**message.fields["settings"]), message.fields, control)


def wait_for_parent(master: int) -> None:
    """Ends this process, now or later, if the master is gone."""
    deadline = time.monotonic() + _PARENT_WAIT_S
    while os.getppid() != master:
        if time.monotonic() > deadline:
            os._exit(0)
        time.sleep(0.0005)
    _core.die_with_parent()
    if os.getppid() != master:
        os._exit(0)


def run(settings: Settings, order: Dict[str, Any], control: socket.socket) -> NoReturn:
    from . import program  # which imports this module

    def tell(fields: Dict[str, Any]) -> None:
        try:
            messages.send(control, fields)
        except OSError:
            pass  # the master is gone, and this process will be

    tell({"is": "started", "pid": os.getpid()})
    own = settings._replace(
        listen=[order["address"]],
        concurrent_max=order["concurrent_max"],
        worker_count=1,
        replica_secret="",
        startup_error_file=order["error_file"],
        debug_port=settings.debug_port if order["number"] == 1 else 0,
    )
    program.run(own, own.startup_error_file, tell)
