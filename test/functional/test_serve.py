"""The life of `tidegate serve`: start, stop, crash, start again, two at once, bad places."""

import os
import socket
import subprocess

import pytest
from support.processes import wait_until
from support.project import Project
from support.rest import score


@pytest.fixture
def running(new_server, tmp_path):
    def make(name="data", **options):
        server = new_server(name, **options).start()
        server.deploy("live", Project(tmp_path / f"{name}-project"))
        return server

    return make


def test_sigterm_stops_everything(running):
    server = running()
    before = server.processes()
    assert len(before) >= 5, "supervisor, control, router, shim, replica"
    assert server.stop() == 0
    assert server.processes() == []
    assert not any(p.alive() for p in before)


def test_a_restart_brings_the_services_back_with_their_keys_and_addresses(running):
    server = running()
    key, uri = server.key("live"), server.service("live")["scoringUri"]
    server.stop()
    server.start()
    wait_until(lambda: server.service("live")["state"] == "Healthy", what="live to be Healthy again")
    assert (server.key("live"), server.service("live")["scoringUri"]) == (key, uri)
    assert server.score("live").status == 200


def test_kill_9_of_the_supervisor_and_a_new_serve_adopts_the_replicas(running):
    server = running()
    replicas = server.replicas("live")
    server.kill()
    server.start()
    wait_until(lambda: server.replicas("live"), what="a ready replica")
    assert server.replicas("live") == replicas
    assert server.score("live").status == 200


def test_a_replica_that_died_while_nothing_ran_is_replaced(running):
    server = running()
    replicas = server.replicas("live")
    server.kill()
    replicas[0].kill()
    server.start()
    wait_until(lambda: server.replicas("live"), what="a new replica")
    assert server.replicas("live") != replicas
    assert server.score("live").status == 200


def test_two_services_and_two_data_folders_do_not_meet(running, tmp_path):
    one, two = running("one"), running("two")
    one.deploy("other", Project(tmp_path / "other", "def init(): pass\ndef run(body): return 'other'\n"))
    assert one.score("other").json() == "other"
    assert one.score("live").status == two.score("live").status == 200
    assert two.rest.mms("GET", "services/other").status == 404
    assert one.key("live") != two.key("live")
    one.stop()
    assert two.score("live").status == 200


def test_one_data_folder_has_one_server(new_server):
    first = new_server().start()
    second = new_server()
    second.spawn()
    assert second.supervisor.wait(20) == 1
    assert str(first.data) in second.log_tail()
    assert first.rest.health()


def test_a_taken_port_is_named_with_the_flag(new_server):
    server = new_server()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", server.port))
        taken.listen()
        server.spawn()
        assert server.supervisor.wait(20) == 1
    assert "--listen" in server.log_tail() and str(server.port) in server.log_tail()


def test_a_data_folder_with_a_path_longer_than_a_socket_address(running):
    deep = "/".join(["a-folder-with-quite-a-long-name"] * 5)
    server = running(deep)
    assert len(str(server.data)) > 150
    assert server.score("live").status == 200
    server.control().kill()
    wait_until(server.rest.health, what="a new control")
    assert server.score("live").status == 200


def test_a_data_folder_with_spaces(running):
    assert running("a folder with spaces").score("live").status == 200


def test_the_folder_and_what_it_keeps_secret_are_the_owners_alone(running):
    server = running()
    assert server.data.stat().st_mode & 0o077 == 0
    assert (server.data / "api.token").stat().st_mode & 0o177 == 0


def test_a_replica_does_not_see_the_data_folder_unless_it_is_said(running, tmp_path):
    """Isolation is in force, or `show` says that it is not."""
    server = running()
    script = (
        "import os\n"
        "def init(): pass\n"
        f"def run(body): return [os.path.exists({str(server.data / 'api.token')!r}), os.getcwd()]\n"
    )
    server.deploy("looks", Project(tmp_path / "looks", script))
    sees_token, folder = server.score("looks").json()
    isolation = server.service("looks")["tidegate"]["isolation"]
    if isolation.startswith("bubblewrap"):
        assert not sees_token
        assert folder == "/var/azureml-app"
    else:
        assert isolation.startswith(("uid", "none ("))


def test_the_api_can_be_offered_on_tcp_and_asks_for_the_token(new_server):
    import http.client

    from support.server import free_port

    port = free_port()
    server = new_server(serve_flags=["--api", f"127.0.0.1:{port}"]).start()
    token = (server.data / "api.token").read_text().strip()
    answers = []
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        client.request("GET", "/tidegate/v1/status", headers=headers)
        answers.append(client.getresponse().status)
        client.close()
    assert answers == [401, 200]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 120 MB, of which the server keeps 64 for its database and logs."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=120m,mode=0700", "tmpfs", folder], text=True, stderr=subprocess.PIPE
    )
    if done.returncode != 0:
        pytest.fail(f"this test mounts a small tmpfs, which needs root and a kernel that lets it: {done.stderr}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(file):
    """Writes until the disk is full."""
    with file.open("wb", buffering=0) as out:
        for size in (1 << 20, 4096):
            try:
                while True:
                    out.write(b"x" * size)
            except OSError:
                continue


def test_a_full_disk_is_a_clean_error_and_what_runs_goes_on(small_disk, new_server, tmp_path):
    server = new_server("small/data").start()
    server.deploy("live", Project(tmp_path / "live"))
    key = server.key("live")
    (server.home.parent.parent / "big.bin").write_bytes(os.urandom(60 << 20))
    refused = server.cli("model", "register", "-n", "big", "-p", server.home.parent.parent / "big.bin", fails=True)
    assert "full" in refused.err and str(server.data) in refused.err
    assert server.rest.mms("GET", "models/big:1").status == 404
    fill(small_disk / "filler")
    assert score(server.uri("live"), key).status == 200
    refused = server.cli("computetarget", "create", "aks", "-n", "no-room", fails=True)
    assert "disk" in refused.err or "full" in refused.err
    assert score(server.uri("live"), key).status == 200
    (small_disk / "filler").unlink()
    server.cli("computetarget", "create", "aks", "-n", "after")
    assert "no-room" not in [c["name"] for c in server.cli("computetarget", "list").json()]
