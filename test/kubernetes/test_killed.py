"""kill -9 of control in the middle of each step: the operation goes on or says what to do, and nothing is left over."""

import json
import socket
import threading

import pytest
from support.processes import wait_until
from target import READY_PYTHON, Target, ready_project

pytestmark = pytest.mark.timeout(300)

ANSWERS = "import time\ndef init(): time.sleep(2)\ndef run(body): return 'here'\n"


class Gate:
    """A Docker step that has come here waits until it is let through; its end is noticed."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(60)
        self.step = f"RUN python3 -c \"import socket; socket.create_connection({self.listener.getsockname()}).recv(1)\""

    def wait_for_step(self):
        connection, _ = self.listener.accept()
        connection.settimeout(5)
        return connection

    def close(self):
        self.listener.close()


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.close()


def kill_control(server):
    """Returns when another one answers."""
    old = server.control()
    old.kill()
    wait_until(lambda: (now := server.rest.health()) and now["pid"] != old.pid, what="a new control")


def log_of(server, name):
    operation = server.service(name)["operationId"]
    return server.rest.mms("GET", f"operations/{operation}/log").body.decode()


def mounts_below(folder):
    with open("/proc/self/mountinfo") as lines:
        return [line.split()[4] for line in lines if str(folder) in line]


def containers_of_builds(images):
    """As buildah has them in its storage."""
    listed = images / "buildah/store/overlay-containers/containers.json"
    return json.loads(listed.read_text() or "[]") if listed.exists() else []


def in_background(call):
    """Runs it; `join()` returns what it returned, or raises what it raised."""
    returned, failed = [], []

    def run():
        try:
            returned.append(call())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()

    def join():
        thread.join()
        if failed:
            raise failed[0]
        return returned[0]

    return join


def test_a_deployment_survives_the_end_of_control_at_each_of_its_steps(server, service, target, gate, images, tmp_path):
    project = ready_project(tmp_path, ANSWERS)
    steps = f"FROM {images.base}\n{gate.step}\n"
    project.inference["environment"] = {**READY_PYTHON, "docker": {"baseImage": None, "baseDockerfile": steps}}
    project.save()
    deployed = in_background(lambda: service("survivor", project))
    step = gate.wait_for_step()
    kill_control(server)
    assert step.recv(1) == b"", "a process of the build has outlived its control"
    gate.wait_for_step().send(b"1")  # of the build that began anew
    wait_until(lambda: ": pushing " in log_of(server, "survivor"), seconds=60, what="the push of the image")
    kill_control(server)
    # The third is of the build that began anew, unless the push was over already.
    gate.listener.setblocking(False)
    pods = ("pods", "-l", "tidegate.io/service=survivor")
    wait_until(lambda: passes(gate) or target.get(*pods), seconds=60, what="another build, or a pod")
    wait_until(lambda: target.get(*pods), seconds=60, what="a pod")
    kill_control(server)
    deployed()
    assert server.score("survivor").json() == "here"
    assert len(target.pods("survivor")) == 1
    folder = server.data / "images" / f"default.{target.name}"
    assert list((folder / "builds").iterdir()) == []
    assert containers_of_builds(folder) == []
    assert mounts_below(server.data) == []


def test_a_deployment_that_is_deleted_while_its_image_is_built_ends_the_build(server, target, gate, images, tmp_path):
    project = ready_project(tmp_path, ANSWERS)
    steps = f"FROM {images.base}\n{gate.step}\n"
    project.inference["environment"] = {**READY_PYTHON, "docker": {"baseImage": None, "baseDockerfile": steps}}
    project.save()
    target.deploy("unwanted", project, "--no-wait")
    step = gate.wait_for_step()
    server.cli("service", "delete", "-n", "unwanted")
    step.settimeout(60)
    assert step.recv(1) == b"", "the build runs on"
    folder = server.data / "images" / f"default.{target.name}"
    wait_until(lambda: containers_of_builds(folder) == [], seconds=60, what="the build's containers to go")
    wait_until(lambda: list((folder / "builds").iterdir()) == [], seconds=60, what="the build's folder to go")
    assert mounts_below(server.data) == []


def passes(gate):
    try:
        connection, _ = gate.listener.accept()
    except BlockingIOError:
        return False
    connection.send(b"1")
    return True


def test_an_attachment_that_control_did_not_live_to_finish_is_done_again(server, cluster, namespace):
    words = server.attach_words("cut-short", namespace)
    failed = in_background(lambda: server.cli(*words, fails=True, seconds=100))
    wait_until(lambda: installing(cluster, namespace), seconds=30, what="something to be installed")
    kill_control(server)
    assert "the server ended before this did; attach again" in failed().err
    assert "cut-short" not in server.cli("computetarget", "list").out
    target = server.attach("cut-short", namespace)
    assert len(target.routers()) == 1
    target.detach()


def installing(cluster, namespace):
    return cluster.kubectl("-n", namespace, "get", "deployment", "tidegate-router", check=False).returncode == 0


def test_a_detachment_that_control_did_not_live_to_finish_is_done_again(server, cluster, namespace):
    target = server.attach("cut-off", namespace)
    assert "Deployment/tidegate-router" in target.ours()
    leaving = in_background(lambda: target.detach(fails=True))
    wait_until(lambda: not installing(cluster, namespace), seconds=30, what="the routers' Deployment to go")
    kill_control(server)
    assert "the server ended before this did; detach again" in leaving().err
    assert "cut-off" in server.cli("computetarget", "list").out
    Target(server, "cut-off", namespace).detach()
    gone = lambda: cluster.kubectl("get", "namespace", namespace, check=False).returncode != 0  # noqa: E731
    wait_until(gone, seconds=60, what="the end of the namespace")
