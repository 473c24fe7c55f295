"""A real `python3 -m tidegate_server` with a score.py of the test's own, and a client for it."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = Path(os.environ.get("TIDEGATE_SERVER_PACKAGES") or ROOT / "build/release/python")
# Libraries that the replica's interpreter loads first: the sanitizers' run time for a module that is built with them.
PRELOAD = os.environ.get("TIDEGATE_SERVER_PRELOAD")
# Crashes on purpose end as they do without sanitizers; the interpreter leaks by design.
SANITIZERS = "detect_leaks=0:handle_segv=0:allocator_may_return_null=1"
PATIENCE_S = 30

ECHO = """
def init():
    pass

def run(data):
    return data
"""


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    @property
    def message(self):
        return self.json()["message"]

    @property
    def not_started(self):
        return self.status == 503 and self.headers["x-tidegate-not-started"] == "1"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE_S)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Replica:
    """`files`: what lies in the app root besides score.py. Listens on a unix socket and a tcp port; with `flags`,
    which start in the app root, it is a program of its own, which listens on `port`."""

    def __init__(self, script=ECHO, *, files=None, env=None, python=sys.executable, listen=None, flags=None, port=None):
        self.root = Path(tempfile.mkdtemp(prefix="tg-"))
        self.app = self.root / "app"
        self.app.mkdir()
        self.socket = self.root / "s"
        self.log_file = self.root / "log"
        self.stderr_file = self.root / "stderr"
        self.error_file = self.root / "startup_error.json"
        for name, text in {"score.py": script, **(files or {})}.items():
            if text is None:
                continue
            path = self.app / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PACKAGES),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.root),
            "AML_APP_ROOT": str(self.app),
            "AZUREML_ENTRY_SCRIPT": "score.py",
            "TIDEGATE_LISTEN": listen or f"unix:{self.socket},tcp:127.0.0.1:0",
            "TIDEGATE_STARTUP_ERROR": str(self.error_file),
            **({"LD_PRELOAD": PRELOAD, "ASAN_OPTIONS": SANITIZERS} if PRELOAD else {}),
            **(env or {}),
        }
        if flags is not None:
            self.env.update({"AML_APP_ROOT": None, "AZUREML_ENTRY_SCRIPT": None, "TIDEGATE_LISTEN": None, **(env or {})})
        self.fixed_port = port
        self.env = {name: value for name, value in self.env.items() if value is not None}
        with self.log_file.open("wb") as log, self.stderr_file.open("wb") as stderr:
            self.process = subprocess.Popen(
                [python, "-m", "tidegate_server", *(flags or ())], env=self.env, stdin=subprocess.DEVNULL,
                cwd=self.root if flags is None else self.app, stdout=log, stderr=stderr)

    # --- life -----------------------------------------------------------------------------------------

    def wait_ready(self, seconds=PATIENCE_S):
        wait_until(self._is_healthy, "the replica to be healthy", self, seconds)
        return self

    def _is_healthy(self):
        try:
            return self.get("/").status == 200
        except OSError:
            return False

    def wait_listening(self):
        wait_until(lambda: "Listening on unix:" in self.log(), "the replica to listen", self)
        return self

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def exit_code(self):
        return self.process.wait(PATIENCE_S)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    # --- talking ----------------------------------------------------------------------------------------

    @property
    def port(self):
        return self.fixed_port or int(re.search(r"Listening on tcp:127\.0\.0\.1:(\d+)", self.log()).group(1))

    def connection(self, *, tcp=False):
        if tcp or self.fixed_port:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        return UnixConnection(self.socket)

    def call(self, method, target, body=None, headers=None, *, tcp=False):
        connection = self.connection(tcp=tcp)
        try:
            connection.request(method, target, body, headers or {})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def get(self, target, **headers):
        return self.call("GET", target, headers=headers)

    def score(self, body=b"", *, content_type="application/json", tcp=False, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if content_type:
            headers["Content-Type"] = content_type
        return self.call("POST", "/score", body, headers, tcp=tcp)

    # --- what it left ------------------------------------------------------------------------------------

    def log(self):
        return self.log_file.read_text(errors="replace")

    @property
    def stderr(self):
        return self.stderr_file.read_bytes()

    def wait_for_log(self, text):
        wait_until(lambda: text in self.log(), f"{text!r} in the log", self)

    def startup_error(self):
        return json.loads(self.error_file.read_text())


def wait_until(condition, what, replica=None, seconds=PATIENCE_S):
    deadline = time.monotonic() + seconds
    while not condition():
        ended = replica is not None and replica.process.poll() is not None
        if ended or time.monotonic() > deadline:
            detail = f"\n{replica.log()}\n{replica.stderr.decode(errors='replace')}" if replica else ""
            raise AssertionError(f"waited in vain for {what}{detail}")
        time.sleep(0.005)
