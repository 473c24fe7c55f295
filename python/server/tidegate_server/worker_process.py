"""One worker process as the master knows it."""

import os
import socket
import time
from typing import Optional

from . import worker_plan


class WorkerProcess:
    def __init__(self, number: int, path: str) -> None:
        self.number = number
        self.path = path  # of its socket
        self.address = "unix:" + path
        self.error_file = path + ".error"
        self.pid = 0  # not known yet
        self.control = None  # type: Optional[socket.socket]
        self.phase = worker_plan.STARTING
        self.since = self.began = self.init_at = time.monotonic()
        self.stage = "import"  # of its start
        self.way = ""  # of its start, for people
        self.is_forked = False
        self.cause = ""  # of a start that failed
        self.why_killed = ""
        self.rss_at_ready = 0
        self.recycle = self.idle = self.stuck = self.warned = False

    def seen(self) -> worker_plan.Seen:
        return worker_plan.Seen(self.number, self.phase, self.since, self.recycle, self.idle, self.stuck)

    def set_phase(self, phase: str) -> None:
        self.phase = phase
        self.since = time.monotonic()

    def signal(self, number: int) -> None:
        if self.pid:  # not reaped yet, so the pid is its own
            os.kill(self.pid, number)

    def close_control(self) -> None:
        if self.control:
            self.control.close()
            self.control = None

