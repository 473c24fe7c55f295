"""What tests of several worker processes share."""

import re
import threading
import time

from replica import PATIENCE_S, wait_until

# Says who it is; does what its body says.
OBEDIENT = """
import ctypes, os, time

def init():
    pass

def run(data):
    word, _, rest = data.partition(" ")
    if word == "wait":
        open(rest + ".begun", "w").write(str(os.getpid()))
        while not os.path.exists(rest):
            time.sleep(0.002)
    if word == "sleep":
        time.sleep(float(rest))
    if word == "exit":
        os._exit(7)
    if word == "crash":
        ctypes.string_at(0)
    return os.getpid()
"""


def wait_for_workers(replica, count):
    """Their pids, once as many as that are ready and alive, as the log says."""
    wait_until(lambda: len(living(replica)) == count, f"{count} workers", replica)
    return sorted(living(replica))


def living(replica):
    ready = set(re.findall(r"Worker \d+ \(pid (\d+)\) (?:started|spawned)", replica.log()))
    ended = set(re.findall(r"Worker \d+ \(pid (\d+)\) (?:ended|has ended)", replica.log()))
    return {int(pid) for pid in ready - ended}


def start_lines(replica):
    return re.findall(r"(Worker \d+ \(pid \d+\) (?:started|spawned).*)", replica.log())


class OpenLoop:
    """Requests at a fixed rate, each on a connection of its own; nothing is tried again, everything is counted."""

    def __init__(self, replica, rate_hz, body=b"x"):
        self._replica = replica
        self._pause_s = 1 / rate_hz
        self._body = body
        self._stop = threading.Event()
        self._threads = []
        self.statuses = []
        self._clock = threading.Thread(target=self._run)
        self._clock.start()

    def _run(self):
        next_at = time.monotonic()
        while not self._stop.is_set():
            thread = threading.Thread(target=self._ask)
            thread.start()
            self._threads.append(thread)
            next_at += self._pause_s
            self._stop.wait(max(0, next_at - time.monotonic()))

    def _ask(self):
        try:
            self.statuses.append(self._replica.score(self._body).status)
        except OSError as error:
            self.statuses.append(repr(error))

    def end(self):
        """All that were sent, answered: counts by status."""
        self._stop.set()
        self._clock.join()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        assert len(self.statuses) == len(self._threads), "some got no answer"
        return {status: self.statuses.count(status) for status in set(self.statuses)}
