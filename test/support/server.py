"""A real `tidegate serve` on a data folder of its own, driven through its CLI as a user would."""

import json
import os
import random
import secrets
import shlex
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.processes import Process, belonging_to, start_ticks, wait_until
from support.rest import Rest, score

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("TIDEGATE_BINARY") or ROOT / "build/release/bin/tidegate")
START_LIMIT_S = 20
STOP_LIMIT_S = 40


def free_port():
    """A loopback port outside the range that the kernel gives to outgoing connections."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


@dataclass
class Done:
    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


class Tidegate:
    """One server. The port stays the same over restarts, so that a scoring URI does."""

    def __init__(self, data, *, serve_flags=()):
        self.data = Path(data)
        self.port = free_port()
        self.serve_flags = serve_flags
        self.log = self.data.parent / f"{self.data.name}.serve.log"
        self.rest = Rest(self.data)
        self.mark = f"TIDEGATE_TEST_MARK={secrets.token_hex(8)}"
        self.home = self.data.parent / f"{self.data.name}.home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.supervisor = None  # Popen

    # --- life -------------------------------------------------------------------------------------

    def environment(self):
        """What a user's shell would have, with nothing of the person who runs the tests."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TIDEGATE_", "AZUREML_", "PYTEST_"))}
        cache = os.environ.get("UV_CACHE_DIR") or str(Path("~/.cache/uv").expanduser())
        name, value = self.mark.split("=")
        path = f"{BINARY.parent}:{ROOT / '.venv/bin'}:{kept['PATH']}"
        return {**kept, "PATH": path, "HOME": str(self.home), "UV_CACHE_DIR": cache,
                "TIDEGATE_DATA": str(self.data), "NO_COLOR": "1", name: value}  # fmt: skip

    def start(self):
        self.spawn()
        self.wait_healthy()
        return self

    def spawn(self):
        with self.log.open("ab") as log:
            self.supervisor = subprocess.Popen(
                [BINARY, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", *self.serve_flags],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment(), cwd="/",
            )  # fmt: skip

    def wait_healthy(self):
        def healthy_or_ended():
            assert self.supervisor.poll() is None, f"serve ended with {self.supervisor.returncode}:\n{self.log_tail()}"
            return self.rest.health()

        wait_until(healthy_or_ended, seconds=START_LIMIT_S, what=f"serve to answer; its log:\n{self.log_tail()}")

    def stop(self):
        """SIGTERM, as a user's service manager does it. Returns the exit code."""
        self.supervisor.send_signal(signal.SIGTERM)
        return self.supervisor.wait(STOP_LIMIT_S)

    def kill(self):
        """kill -9 of the supervisor alone."""
        self.supervisor.kill()
        self.supervisor.wait(STOP_LIMIT_S)

    def processes(self):
        """Everything that runs on behalf of this server, replicas and shims among it."""
        data = os.fsencode(self.data)
        found = {*belonging_to(self.mark.encode()), *belonging_to(data + b"/"), *belonging_to(data + b"\0")}
        return sorted(found, key=lambda p: p.pid)

    def clean_up(self):
        """Ends whatever is left, whatever a test did; returns what should not have been left."""
        if self.supervisor and self.supervisor.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.supervisor.kill()
                self.supervisor.wait()
        left = self.processes()
        for process in left:
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return left

    def log_tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:]) if self.log.exists() else ""

    # --- what it says -----------------------------------------------------------------------------

    def control(self):
        return Process.of(self.rest.status()["controlPid"])

    def router(self):
        return Process.of(self.rest.status()["routers"][0]["pid"])

    def service(self, name):
        reply = self.rest.mms("GET", f"services/{name}?expand=true")
        assert reply.status == 200, reply
        return reply.json()

    def replicas(self, name):
        """The processes of the user's Python, ready ones only (what was killed just now may still be listed)."""
        listed = self.service(name)["tidegate"]["replicas"]
        found = [(r["pid"], start_ticks(r["pid"])) for r in listed if r["phase"] == "ready"]
        return [Process(pid, ticks) for pid, ticks in found if ticks is not None]

    def uri(self, name):
        return f"http://127.0.0.1:{self.port}/api/v1/service/{name}/score"

    def key(self, name):
        return self.cli("service", "get-keys", "-n", name).json()["primaryKey"]

    def score(self, name, body=b"{}", **options):
        return score(self.uri(name), self.key(name), body, **options)

    # --- what a user does -------------------------------------------------------------------------

    def cli(self, *words, cwd=None, fails=False, seconds=60):
        """One command. `fails=True` wants exit code 1 and nothing else."""
        done = subprocess.run(
            [str(BINARY), *map(str, words)], cwd=cwd or self.home, env=self.environment(), text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds,
        )  # fmt: skip
        shown = f"$ tidegate {shlex.join(map(str, words))}\n[{done.returncode}]\n{done.stdout}\n{done.stderr}"
        assert done.returncode == (1 if fails else 0), f"{shown}\nserve log:\n{self.log_tail()}"
        return Done(done.returncode, done.stdout, done.stderr)

    def have_model(self):
        """A small registered model, which `model deploy` wants to be given."""
        if self.rest.mms("GET", "models/small:1").status == 404:
            (self.home / "small.txt").write_text("a model\n")
            self.cli("model", "register", "-n", "small", "-p", "small.txt")
        return "small:1"

    def deploy(self, name, project, *flags, **options):
        words = ["model", "deploy", "-n", name, "-m", self.have_model()]
        files = ["-ic", "inferenceconfig.json", "-dc", "deploymentconfig.json"]
        return self.cli(*words, *files, *flags, cwd=project.folder, **options)
