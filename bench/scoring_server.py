"""One server under test: started, asked, loaded, measured, stopped with all that it started."""

import http.client
import json
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

from process_tree import ProcessTree
from scoring_peers import PEERS, ROOT, free_port

OPEN_LOOP = ROOT / "build/bench/bin/bench_open_loop"
CONNECTIONS = 16
START_PATIENCE_S = 120


class NoMeasurement(Exception):
    """The server did not start, answered something else, or failed a request. Says which."""


class Server:
    def __init__(self, peer, script, body, answer):
        """`answer`: what the reply to `body` must be, as a Python value."""
        self.peer = peer
        self.body = body
        self.answer = answer
        self.folder = Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
        self.port = free_port()
        self.tree = self.process = None
        try:
            self._start(script)
            self._wait_ready()
        except BaseException:
            self.stop()
            raise

    def _start(self, script):
        try:
            python = self.peer.python()
        except RuntimeError as error:
            raise NoMeasurement(f"cannot be installed: {last_line(str(error))}") from None
        mark = f"TIDEGATE_BENCH={uuid.uuid4()}"
        environ = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": str(self.folder), "PYTHONPATH": str(PEERS),
            "PYTHONDONTWRITEBYTECODE": "1", "BENTOML_DO_NOT_TRACK": "1", "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "disabled", "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
            **self.peer.environ(self.port, script), **dict([mark.split("=")]),
        }
        argv = [str(word) for word in self.peer.argv(python, self.port, self.folder, script)]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(argv, env=environ, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)
        self.tree = ProcessTree(self.process.pid, mark.encode())

    def _wait_ready(self):
        deadline = time.monotonic() + START_PATIENCE_S
        while (reply := self._ask()) is None or reply[0] != 200:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NoMeasurement(f"does not start (last reply {reply}): {last_line(self.log())}")
            time.sleep(0.1)
        if json.loads(reply[1]) != self.answer:
            raise NoMeasurement(f"answers {reply[1][:200]!r}")
        (self.folder / "body").write_bytes(self.body)
        (self.folder / "reply").write_bytes(reply[1])

    def _ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/score", self.body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def load(self, rate, seconds):
        """Of the load generator's result, with `cpu_us` and `per_s`. `rate` 0: as much as it can do."""
        before = self.tree.cpu_seconds()
        done = subprocess.run(
            [OPEN_LOOP, "--port", str(self.port), "--path", "/score", "--rate", str(rate), "--seconds", str(seconds),
             "--connections", str(CONNECTIONS), "--body-file", self.folder / "body",
             "--expect-file", self.folder / "reply"],
            check=True, capture_output=True, text=True, timeout=seconds + 30)
        cpu = self.tree.cpu_seconds() - before
        result = json.loads(done.stdout)
        result["failures"] = result["sent"] - result["ok"]
        if result["failures"] or not result["ok"]:
            raise NoMeasurement(f"failed requests: {result}")
        result["cpu_us"] = cpu / result["ok"] * 1e6
        result["per_s"] = result["ok"] / result["seconds"]
        return result

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        if self.tree:
            self.tree.stop()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def last_line(text):
    return ([line for line in text.splitlines() if line.strip()] or ["no output"])[-1].strip()[:300]
