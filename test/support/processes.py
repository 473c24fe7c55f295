"""Processes by pid and start time, so that a number used again is never mistaken for the old process."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.01


def wait_until(condition, *, seconds=20, what="the condition"):
    """Polls until condition() is true-ish and returns that; an AssertionError names what never came."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(POLL_S)


def start_ticks(pid):
    """When the process began, None if there is none (a zombie is none)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


@dataclass(frozen=True)
class Process:
    pid: int
    ticks: int

    @classmethod
    def of(cls, pid):
        ticks = start_ticks(pid)
        assert ticks is not None, f"no process {pid}"
        return cls(pid, ticks)

    def alive(self):
        return start_ticks(self.pid) == self.ticks

    def signal(self, number):
        assert self.alive(), f"process {self.pid} is gone already"
        os.kill(self.pid, number)

    def kill(self):
        """kill -9, and waits until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait_gone()

    def wait_gone(self, seconds=20):
        wait_until(lambda: not self.alive(), seconds=seconds, what=f"the end of process {self.pid}")

    def describe(self):
        try:
            words = Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return f"{self.pid} (gone)"
        return f"{self.pid} {b' '.join(words).decode(errors='replace')[:200]}"


def belonging_to(mark):
    """All processes that carry `mark` (bytes) in their environment or command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        if pid == os.getpid():
            continue
        try:
            carried = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        except OSError:
            continue
        ticks = start_ticks(pid)
        if mark in carried and ticks is not None:
            found.append(Process(pid, ticks))
    return found
