"""`tidegate router --kubernetes` with an API server that is played, in front of real scoring servers."""

import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.fake_api import FakeApi, table
from support.load import Load
from support.processes import wait_until
from support.server import BINARY, free_port

PACKAGES = Path(os.environ.get("TIDEGATE_SERVER_PACKAGES") or BINARY.parent.parent / "python")
SECRET = "shared-with-replicas"
TOKEN = "link-token"
SCRIPT = "def init(): pass\ndef run(data): return 'scored'\n"


def ask(url, **headers):
    request = urllib.request.Request(url, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        self.api = FakeApi(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.uri = f"{self.url}/api/v1/service/s/score"
        self.router = None
        self.processes = []
        # The port of replicas is fixed (5001), so each test has loopback addresses of its own.
        self.net = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}"

    def start_pod(self, number, secret=SECRET, script=SCRIPT):
        app = self.folder / f"pod-{number}"
        app.mkdir()
        (app / "score.py").write_text(script)
        ip = f"{self.net}.{number}"
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGES), "AML_APP_ROOT": str(app),
               "AZUREML_ENTRY_SCRIPT": "score.py", "TIDEGATE_LISTEN": f"tcp:{ip}:5001",
               "TIDEGATE_REPLICA_SECRET": secret}  # fmt: skip
        with (app / "log").open("wb") as log:
            pod = subprocess.Popen([sys.executable, "-m", "tidegate_server"], env=env, stdout=log, stderr=log)
        self.processes.append(pod)
        wait_until(lambda: ask(f"http://{ip}:5001/")[0] == 200, what="the replica to be healthy")
        return pod, ip

    def start_router(self, *flags):
        env = {"PATH": os.environ["PATH"], "KUBERNETES_SERVICE_HOST": "127.0.0.1",
               "KUBERNETES_SERVICE_PORT": str(self.api.port), "TIDEGATE_LINK_TOKEN": TOKEN}  # fmt: skip
        with (self.folder / "out").open("ab") as out, (self.folder / "err").open("ab") as err:
            self.router = subprocess.Popen(
                [BINARY, "router", "--kubernetes", "--data", self.folder / "data", "--listen",
                 f"127.0.0.1:{self.port}", "--service-account", self.api.mount, *flags],
                env=env, stdout=out, stderr=err,
            )  # fmt: skip
        self.processes.append(self.router)
        wait_until(lambda: ask(f"{self.url}/healthz")[0] == 200, what="the router to live")

    def wait_ready(self):
        wait_until(lambda: ask(f"{self.url}/readyz")[0] == 200, what="the router to be ready")

    def replicas(self):
        page = ask(f"{self.url}/metrics")[1]
        line = next((x for x in page.splitlines() if x.startswith("tidegate_router_replicas{")), "0")
        return int(line.rsplit(" ", 1)[1]) if " " in line else 0

    def wait_replicas(self, count):
        wait_until(lambda: self.replicas() == count, what=f"{count} replicas in the router")

    def stop_router(self):
        self.router.send_signal(signal.SIGTERM)
        assert self.router.wait(20) == 0

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    yield made
    made.close()


def test_it_is_ready_once_it_has_a_table_and_pods_come_and_go_without_a_failure(cluster):
    api = cluster.api
    first, ip = cluster.start_pod(1)
    api.publish(table(7, "s", "s.1", replica_secret=SECRET))
    api.put_pod("a", "s.1", ip)
    cluster.start_router()
    cluster.wait_ready()
    with Load(cluster.uri, rate=50) as load:
        _, other = cluster.start_pod(2)
        api.put_pod("b", "s.1", other, ready=False)
        api.put_pod("b", "s.1", other)
        cluster.wait_replicas(2)
        api.put_pod("a", "s.1", ip, leaving=True)
        cluster.wait_replicas(1)
        first.send_signal(signal.SIGTERM)
        assert first.wait(20) == 0
        api.remove("pods", "a")
        sent = load.sent()
        wait_until(lambda: load.sent() > sent + 50, what="more requests")
    load.report.assert_none_failed()
    status, page = ask(f"{cluster.url}/tidegate/v1/router", x_tidegate_link_token=TOKEN)
    assert status == 200 and '"tableVersion":7' in page and '"busy":[]' in page
    assert ask(f"{cluster.url}/tidegate/v1/router")[0] == 404
    assert TOKEN.encode() not in Path(f"/proc/{cluster.router.pid}/cmdline").read_bytes()


def test_without_the_api_server_it_goes_on_and_a_restart_knows_what_was_known(cluster):
    api = cluster.api
    _, ip = cluster.start_pod(1)
    api.publish(table(7, "s", "s.1", replica_secret=SECRET))
    api.put_pod("a", "s.1", ip)
    cluster.start_router("--drain-delay-ms", "0")
    cluster.wait_ready()
    cluster.wait_replicas(1)
    assert ask(cluster.uri) == (200, '"scored"')
    api.stop()
    assert ask(cluster.uri) == (200, '"scored"')
    cluster.stop_router()
    cluster.start_router("--drain-delay-ms", "0")
    cluster.wait_ready()
    assert ask(cluster.uri) == (200, '"scored"')
    _, other = cluster.start_pod(2)
    api.put_pod("b", "s.1", other)
    api.start()
    cluster.wait_replicas(2)


def test_damaged_and_older_tables_are_ignored(cluster):
    api = cluster.api
    cluster.start_router()
    assert ask(cluster.uri)[0] in (404, 503)
    api.publish(table(7, "s", "s.1"))
    wait_until(lambda: "table_version 7" in ask(f"{cluster.url}/metrics")[1], what="table 7")
    api.publish(b"TGT1 damaged")
    api.publish(table(6, "other", "o.1"))
    api.publish(table(8, "s", "s.1", wait_ms=50))
    wait_until(lambda: "table_version 8" in ask(f"{cluster.url}/metrics")[1], what="table 8")
    assert ask(cluster.uri)[0] == 503
    log = (cluster.folder / "err").read_text()
    assert "event=table_unreadable" in log or "event=older_table_ignored" in log


def test_a_replica_with_another_secret_is_told_in_the_reason(cluster):
    _, ip = cluster.start_pod(1, secret="another")
    cluster.api.publish(table(7, "s", "s.1", replica_secret=SECRET, wait_ms=300))
    cluster.api.put_pod("a", "s.1", ip)
    cluster.start_router()
    cluster.wait_replicas(1)
    status, body = ask(cluster.uri)
    assert status == 503 and "replica_refused" in body


def test_the_caller_is_told_how_a_pods_container_ended_though_the_cluster_says_it_later(cluster):
    api = cluster.api
    pod, ip = cluster.start_pod(1, script="import os\ndef init(): pass\ndef run(data): os._exit(9)\n")
    api.publish(table(7, "s", "s.1", replica_secret=SECRET))
    api.put_pod("a", "s.1", ip, container="containerd://1")
    cluster.start_router()
    cluster.wait_replicas(1)
    with ThreadPoolExecutor() as pool:
        told = pool.submit(ask, cluster.uri)
        assert pod.wait(20) == 9
        api.put_pod("a", "s.1", ip, ready=False, container="containerd://1", exit_code=9)
        status, body = told.result()
    assert (status, json.loads(body)["reason"]) == (502, "replica_exited")
    assert "its process exited with code 9 while it had this request" in body


def test_when_told_to_stop_it_is_unready_first_and_serves_on(cluster):
    _, ip = cluster.start_pod(1)
    cluster.api.publish(table(7, "s", "s.1", replica_secret=SECRET))
    cluster.api.put_pod("a", "s.1", ip)
    cluster.start_router("--drain-delay-ms", "60000")
    cluster.wait_ready()
    cluster.wait_replicas(1)
    cluster.router.send_signal(signal.SIGTERM)
    wait_until(lambda: ask(f"{cluster.url}/readyz")[0] == 503, what="the router to be unready")
    assert ask(cluster.uri) == (200, '"scored"')
    cluster.stop_router()
    assert "event=request" in (cluster.folder / "out").read_text()
