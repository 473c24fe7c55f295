"""`tidegate pull`, the init container of a pod, against a real registry."""

import base64
import collections
import hashlib
import http.server
import io
import json
import os
import signal
import subprocess
import tarfile
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from support.processes import wait_until
from support.server import BINARY, free_port

LIMIT_S = 60
MODEL = os.urandom(3_000_000)
# User ann, password "open sesame".
HTPASSWD = "ann:$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n"
AUTHORIZATION = "Basic " + base64.b64encode(b"ann:open sesame").decode()


class Registry:
    """Debian's docker-registry with a folder of its own, and apps pushed to it by hand."""

    def __init__(self, folder, htpasswd=False):
        folder.mkdir()
        self.address = f"127.0.0.1:{free_port()}"
        config = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": f"{folder}/store"}},
            "http": {"addr": self.address},
        }
        if htpasswd:
            (folder / "htpasswd").write_text(HTPASSWD)
            config["auth"] = {"htpasswd": {"realm": "test", "path": f"{folder}/htpasswd"}}
        (folder / "config.yml").write_text(json.dumps(config))  # JSON is YAML
        with open(folder / "log", "w") as log:  # it takes every 404 for an error
            self.process = subprocess.Popen(
                ["docker-registry", "serve", f"{folder}/config.yml"], stdout=log, stderr=subprocess.STDOUT
            )
        wait_until(self.answers, what="docker-registry")

    def answers(self):
        try:
            return self.call("GET", "/v2/").status == 200
        except OSError:
            return False

    def stop(self):
        self.process.kill()
        self.process.wait()

    def call(self, method, path, body=None, **headers):
        url = path if path.startswith("http") else f"http://{self.address}{path}"
        headers = {"Authorization": AUTHORIZATION} | {k.replace("_", "-"): v for k, v in headers.items()}
        return urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=20)

    def push_blob(self, repository, content):
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        location = self.call("POST", f"/v2/{repository}/blobs/uploads/", b"").headers["Location"]
        self.call("PUT", f"{location}&digest={digest}", content, Content_Type="application/octet-stream")
        return {"digest": digest, "size": len(content)}

    def push(self, repository, files, tree=None):
        """An app with these files, and `tree` unpacked in its root. Gives its digest."""
        layers = []
        if tree is not None:
            layers.append({"mediaType": "application/vnd.tidegate.tree.v1.tar+gzip", **self.push_blob(repository, tree)})
        for target, content in files.items():
            layers.append({
                "mediaType": "application/vnd.tidegate.file.v1", **self.push_blob(repository, content),
                "annotations": {"org.opencontainers.image.title": target},
            })  # fmt: skip
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": "application/vnd.tidegate.app.v1",
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", **self.push_blob(repository, b"{}")},
            "layers": layers,
        }).encode()  # fmt: skip
        digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
        self.call(
            "PUT", f"/v2/{repository}/manifests/{digest}", manifest,
            Content_Type="application/vnd.oci.image.manifest.v1+json",
        )  # fmt: skip
        return digest


class Gate:
    """Between a pull and the registry: counts the blobs that are asked for, and can stop in the middle of one."""

    def __init__(self, registry):
        self.registry = registry
        self.blobs = collections.Counter()
        self.opened = threading.Event()
        self.opened.set()
        self.half_sent = threading.Event()
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                gate.forward(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forward(self, handler):
        accept = handler.headers.get("Accept", "*/*")
        try:
            with self.registry.call("GET", handler.path, Accept=accept) as reply:
                status, body = reply.status, reply.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        if "/blobs/" in handler.path:
            self.blobs[handler.path.rsplit("/", 1)[1]] += 1
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        half = len(body) // 2
        try:
            handler.wfile.write(body[:half])
            if not self.opened.is_set() and len(body) >= len(MODEL):
                self.half_sent.set()
                self.opened.wait(LIMIT_S)
            handler.wfile.write(body[half:])
        except OSError:
            pass  # the pull was killed

    def stop(self):
        self.opened.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    running = Registry(tmp_path_factory.mktemp("registry") / "anonymous")
    yield running
    running.stop()


@pytest.fixture
def gate(registry):
    running = Gate(registry)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def app(registry):
    """The digest of an app in the repository apps/one."""
    return registry.push("apps/one", {"azureml-models/m/1/model.pkl": MODEL}, tar_gz({"src/score.py": b"def init(): pass\n"}))


def tar_gz(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def command(address, digest, into, *flags):
    return [BINARY, "pull", "--plain-http", "--registry", address, "--repository", "apps/one",
            "--digest", digest, "--into", into, *flags]  # fmt: skip


def run(argv, **environment):
    return subprocess.run(argv, capture_output=True, text=True, timeout=LIMIT_S, env=os.environ | environment)


def check_app(folder):
    assert (folder / "azureml-models/m/1/model.pkl").read_bytes() == MODEL
    assert (folder / "src/score.py").read_bytes() == b"def init(): pass\n"
    assert not (folder / ".tidegate-pull").exists()


def test_the_app_and_the_scoring_server_are_laid_out(registry, app, tmp_path):
    server = tmp_path / "image/tidegate_server"
    (server / "sub").mkdir(parents=True)
    (server / "__main__.py").write_text("main")
    (server / "sub/_core.so").write_text("core")
    (server / "sub/_core.so").chmod(0o555)
    flags = ("--server-from", tmp_path / "image", "--server-into", tmp_path / "server")
    for _ in range(2):  # an init container may run again
        done = run(command(registry.address, app, tmp_path / "app", *flags))
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        assert "azureml-models/m/1/model.pkl (3.0 MB): fetched" in done.stderr
        check_app(tmp_path / "app")
        assert (tmp_path / "server/tidegate_server/__main__.py").read_text() == "main"
        assert (tmp_path / "server/tidegate_server/sub/_core.so").read_text() == "core"
    models = tmp_path / "app/azureml-models"
    modes = [oct(p.stat().st_mode & 0o777) for p in (models, models / "m", models / "m/1", models / "m/1/model.pkl")]
    assert modes == ["0o555", "0o555", "0o555", "0o444"]


def test_help_names_every_flag():
    done = run([BINARY, "pull", "--help"])
    assert done.returncode == 0
    for flag in ("--registry", "--repository", "--digest", "--into", "--cache", "--plain-http", "--ca-file", "--user",
                 "--password-file", "--docker-config", "--server-from", "--server-into"):  # fmt: skip
        assert f"  {flag} " in done.stdout


@pytest.mark.parametrize(
    "flags, why",
    [
        (["--digest", "latest"], "is no digest"),
        (["--nonsense", "x"], "unknown flag --nonsense"),
        (["--user", "ann"], "--user and --password-file go together"),
        (["--server-from", "/"], "--server-from and --server-into go together"),
        (["--docker-config", "/nowhere/config.json"], "/nowhere/config.json"),
        (["--ca-file", "/nowhere/ca.pem"], "/nowhere/ca.pem"),
        (["--digest", "sha256:" + 64 * "e"], "is not in the registry"),
        (["--registry", "127.0.0.1:1"], "nothing listens"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ",
)
def test_the_final_error_is_in_the_termination_log_too(registry, app, tmp_path, flags, why):
    log = tmp_path / "termination-log"
    log.touch()
    done = run(command(registry.address, app, tmp_path / "app", *flags), TIDEGATE_TERMINATION_LOG=str(log))
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ERROR: pull: ")
    assert why in last
    assert log.read_text() == last + "\n"


def test_a_login_comes_from_flags_or_from_a_docker_config(tmp_path):
    registry = Registry(tmp_path / "registry", htpasswd=True)
    try:
        digest = registry.push("apps/one", {"model": b"m"})
        (tmp_path / "password").write_text("open sesame\n")
        (tmp_path / "wrong").write_text("open barley\n")
        auth = AUTHORIZATION.removeprefix("Basic ")
        (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": auth}}}))
        (tmp_path / "other.json").write_text(json.dumps({"auths": {"other.example.com": {"auth": auth}}}))
        cases = [
            (["--user", "ann", "--password-file", tmp_path / "password"], 0, "the app is in"),
            (["--docker-config", tmp_path / "config.json"], 0, "the app is in"),
            (["--docker-config", tmp_path / "other.json"], 1, f"no login for {registry.address}"),
            (["--user", "ann", "--password-file", tmp_path / "wrong"], 1, "password of the user ann"),
            ([], 1, "wants a user and a password"),
        ]
        for flags, code, text in cases:
            done = run(command(registry.address, digest, tmp_path / "app", *flags))
            assert (done.returncode, text in done.stderr) == (code, True), done.stderr
            assert "barley" not in done.stderr and "sesame" not in done.stderr
    finally:
        registry.stop()


@contextmanager
def stopped_half_way(gate, argv):
    """A pull that has half of the model and waits for the rest."""
    gate.opened.clear()
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    try:
        wait_until(gate.half_sent.is_set, what="half of the model to be sent")
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("has_cache", [False, True], ids=["without a cache", "with a cache"])
def test_a_pull_that_was_killed_is_run_again(gate, app, tmp_path, has_cache):
    cache = ("--cache", tmp_path / "cache") if has_cache else ()
    argv = command(gate.address, app, tmp_path / "app", *cache)
    with stopped_half_way(gate, argv) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (tmp_path / "app/azureml-models").exists()
    gate.opened.set()
    done = run(argv)
    assert done.returncode == 0, done.stderr
    check_app(tmp_path / "app")
    assert not list(tmp_path.rglob("*.part"))


def test_two_pulls_at_once_fetch_each_blob_once_into_their_cache(gate, app, tmp_path):
    argv = [command(gate.address, app, tmp_path / name, "--cache", tmp_path / "cache") for name in ("one", "two")]
    with stopped_half_way(gate, argv[0]) as first:
        second = subprocess.Popen(argv[1], stderr=subprocess.PIPE, text=True)
        # It has come to the blob that the first one fetches when it has a stage.
        wait_until((tmp_path / "two/.tidegate-pull/tree/azureml-models/m/1").is_dir, what="the second pull")
        gate.opened.set()
        assert first.wait(LIMIT_S) == 0
        assert "from the cache" in second.communicate(timeout=LIMIT_S)[1]
        assert second.returncode == 0
    for name in ("one", "two"):
        check_app(tmp_path / name)
    assert set(gate.blobs.values()) == {1}


@pytest.mark.parametrize("what", ["model", "source"])
def test_a_full_disk_is_an_error_that_names_what_did_not_fit(registry, tmp_path, what):
    if what == "model":
        digest, named = registry.push("apps/one", {"big/model.pkl": MODEL}), "has room for"
    else:  # nobody knows before what it unpacks to
        digest, named = registry.push("apps/one", {}, tar_gz({"src/data.bin": bytes(5_000_000)})), '"src/data.bin"'
    log = tmp_path / "termination-log"
    small_disk = ["bwrap", "--dev-bind", "/", "/", "--size", "1000000", "--tmpfs", "/mnt", "--"]
    done = run(small_disk + command(registry.address, digest, "/mnt/app"), TIDEGATE_TERMINATION_LOG=str(log))
    assert done.returncode == 1, done.stderr
    assert named in log.read_text()
    assert "/mnt/app" in log.read_text()
    assert what == "model" or "No space left on device" in log.read_text()
