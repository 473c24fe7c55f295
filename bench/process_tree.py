"""CPU time and memory of a process and everything that it started."""

import os
import signal
import time
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
STOP_PATIENCE_S = 10


def stat_fields(pid):
    """Of /proc/<pid>/stat, from the state on; None if there is no such process (a zombie is none)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields


class ProcessTree:
    """The processes below `root`, also those that were handed to init but still carry `mark` (bytes) in their
    environment. They are told apart from later ones with the same number by their start times."""

    def __init__(self, root, mark):
        self.root = root
        self.mark = mark

    def pids(self):
        parents = {}
        for folder in Path("/proc").glob("[0-9]*"):
            if fields := stat_fields(folder.name):
                parents[int(folder.name)] = int(fields[1])
        found = {pid for pid in parents if pid == self.root or self._carries_mark(pid)}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def _carries_mark(self, pid):
        try:
            return self.mark in Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False

    def cpu_seconds(self):
        """User and system time, also of children that have ended and were waited for."""
        fields = filter(None, map(stat_fields, self.pids()))
        return sum(int(ticks) for one in fields for ticks in one[11:15]) / TICKS_PER_S

    def memory_kb(self, kind):
        """`kind`: "Pss" (pages shared with others count in part) or "Rss" (they count whole)."""
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(kind + ":"):
                    total += int(line.split()[1])
        return total

    def stop(self):
        """SIGTERM for the first process, then SIGKILL for all that are still there."""
        started = {pid: fields[19] for pid in self.pids() if (fields := stat_fields(pid))}
        self._signal(self.root, started.get(self.root), signal.SIGTERM)
        deadline = time.monotonic() + STOP_PATIENCE_S
        while self._left(started) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in self._left(started) | self.pids():
            self._signal(pid, started.get(pid), signal.SIGKILL)

    def _left(self, started):
        return {pid for pid, ticks in started.items() if (fields := stat_fields(pid)) and fields[19] == ticks}

    def _signal(self, pid, ticks, number):
        fields = stat_fields(pid)
        if fields and ticks in (None, fields[19]):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
