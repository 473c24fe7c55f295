"""Both servers with one entry script, and a client that sends each of them the same bytes."""

import http.client
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import textwrap
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import environments

HERE = Path(__file__).resolve().parent
PACKAGES = Path(os.environ.get("TIDEGATE_SERVER_PACKAGES") or environments.ROOT / "build/release/python")
PATIENCE_S = 30
REPLY_PATIENCE_S = 8
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass
class Reply:
    """Its status, its headers with lower-case names and in order of them, and what came of its body."""

    status: int
    headers: list = field(default_factory=list)
    body: bytes = b""
    whole: bool = True  # False: the connection ended before the body did

    def get(self, name):
        return [value for key, value in self.headers if key == name]

    def set(self, name, value):
        """None: not there."""
        others = [(key, old) for key, old in self.headers if key != name]
        self.headers = by_name(others + ([(name, value)] if value is not None else []))

    def parts(self):
        return (self.status, self.headers, self.body, self.whole)


def by_name(headers):
    """Those of one name stay in the order they came in."""
    return sorted(headers, key=lambda header: header[0])


class Server:
    """`kind`: "reference" or "ours". `group`: anything with script, files, env and flags."""

    def __init__(self, kind, group):
        self.kind = kind
        self.is_ready = False
        self.root = Path(tempfile.mkdtemp(prefix="tg-diff-"))
        self.app = self.root / "app"
        self.log_file = self.root / "log"
        for name, text in {"score.py": group.script, **group.files}.items():
            if text is None:
                continue
            path = self.app / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        self.app.mkdir(exist_ok=True)
        env = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "HOSTNAME": "host", "TMPDIR": str(self.root),
               "AML_APP_ROOT": str(self.app), "AZUREML_ENTRY_SCRIPT": "score.py"}
        env.update(group.env)
        self.env = {name: value.replace("{app}", str(self.app)) for name, value in env.items() if value is not None}
        flags = [flag.replace("{app}", str(self.app)) for flag in group.flags]
        argv = self._our_argv(flags) if kind == "ours" else self._reference_argv(flags)
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                list(map(str, argv)), env=self.env, cwd=self.app, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)

    def _our_argv(self, flags):
        self.port = None
        self.env["TIDEGATE_LISTEN"] = "tcp:127.0.0.1:0"
        return [environments.interpreter("ours"), PACKAGES / "tidegate_server", *flags]

    def _reference_argv(self, flags):
        self.port = free_port()
        # Its program wants a script or a configuration file by flag, and makes the script's path absolute.
        script = self.env.pop("AZUREML_ENTRY_SCRIPT", "")
        if script and "--entry_script" not in flags:
            flags = ["--entry_script", script, *flags]
        return [environments.interpreter("reference"), HERE / "launch_reference.py", "--port", str(self.port), *flags]

    # --- life -----------------------------------------------------------------------------------------

    def wait_ready(self):
        if self.is_ready:
            return self
        deadline = time.monotonic() + PATIENCE_S
        while not self._is_healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self.kind} does not start:\n{self.log()}")
            time.sleep(0.01)
        self.is_ready = True
        return self

    def _is_healthy(self):
        if self.port is None:
            found = re.search(r"Listening on tcp:127\.0\.0\.1:(\d+)", self.log())
            if not found:
                return False
            self.port = int(found.group(1))
        try:
            return self.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "GET").status == 200
        except OSError:
            return False

    def exit_code(self):
        return self.process.wait(PATIENCE_S)

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # its own session: with its workers
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def log(self):
        return self.log_file.read_text(errors="replace")

    # --- talking --------------------------------------------------------------------------------------

    def send(self, data, method):
        with socket.create_connection(("127.0.0.1", self.port), REPLY_PATIENCE_S) as connection:
            connection.sendall(data)
            response = http.client.HTTPResponse(connection, method=method)
            try:
                response.begin()
                body, whole = read_body(response)
            except http.client.HTTPException as error:
                if self.kind == "reference":
                    return Reply(0, whole=False)  # its worker ends without one
                raise AssertionError(f"{self.kind} sends no reply to {data[:200]!r}: {error!r}\n{self.log()[-2000:]}")
            headers = [(name.lower(), value) for name, value in response.getheaders()]
            return Reply(response.status, by_name(headers), body, whole)

    def answer(self, case):
        return normalised(self.send(request_bytes(case), case.method), str(self.app))


def read_body(response):
    try:
        return response.read(), True
    except http.client.IncompleteRead as error:
        return error.partial, False


def free_port():
    """Below those that the kernel gives to whoever asks for any: it is bound a moment later, by another process."""
    while True:
        port = random.randrange(15000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def request_bytes(case):
    lines = [f"{case.method} {case.path} {case.version}"]
    names = {name.lower() for name, _ in case.headers}
    if "host" not in names:
        lines.append("Host: localhost")
    lines += [f"{name}: {value}" for name, value in case.headers]
    lines.append("Connection: close")
    if isinstance(case.body, list):
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in case.body) + b"0\r\n\r\n"
    else:
        body = case.body
        if body or case.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def normalised(reply, app):
    """Without what must differ: the time, made-up ids, durations, the folder of the run."""
    headers = []
    for name, value in reply.headers:
        if name == "date":
            continue
        if name in ("x-request-id", "x-ms-request-id"):
            value = UUID.sub("<uuid>", value)
        if name == "x-ms-run-fn-exec-ms" and re.fullmatch(r"\d+\.\d{3}", value):
            value = "<ms>"
        if name == "allow":  # Flask keeps the methods in a set
            value = ", ".join(sorted(value.split(", ")))
        headers.append((name, value))
    return replace(reply, headers=headers, body=reply.body.replace(app.encode(), b"<app>"))
