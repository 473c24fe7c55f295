"""A change that is under way can be ended or replaced, and whoever asks meanwhile is told what is so."""

import os
import signal
import subprocess
import time

import pytest
from support.processes import wait_until
from support.server import BINARY

HANGS = "import time\ndef init(): time.sleep(600)\ndef run(body): return 'never'\n"
RAISES = "def init():\n    raise ValueError('no such column')\ndef run(body): return 1\n"


@pytest.fixture
def hanging(server, project):
    """The operation of a service whose init() does not return."""
    server.deploy("hanging", project(HANGS), "--no-wait")
    operation = server.service("hanging")["operationId"]
    wait_until(lambda: "init()" in waits(server, operation), what="the replica to be started")
    yield operation
    remove(server, "hanging")


def remove(server, name):
    """Also what a test has removed already."""
    server.rest.mms("DELETE", f"services/{name}")
    wait_until(lambda: not is_there(server, name), seconds=30, what=f"the end of {name}")


def is_there(server, name):
    return server.rest.mms("GET", f"services/{name}").status == 200


def operation_of(server, operation):
    return server.rest.mms("GET", f"operations/{operation}").json()


def waits(server, operation):
    return operation_of(server, operation)["tidegate"]["waitingFor"]


def test_run_says_what_a_service_without_a_replica_waits_for(server, hanging):
    reply = server.score("hanging")
    assert (reply.status, reply.reason) == (503, "no_replica")
    error = server.cli("service", "run", "-n", "hanging", "-d", "1", fails=True).err
    assert "503 no_replica" in error
    assert "hanging is Transitioning: waiting for init() of replica" in error
    assert "tidegate service show -n hanging" in error


def test_delete_ends_a_deployment_that_is_under_way(server, hanging):
    began = time.monotonic()
    server.cli("service", "delete", "-n", "hanging", seconds=20)
    assert time.monotonic() - began < 15
    ended = operation_of(server, hanging)
    assert (ended["state"], ended["error"]["message"]) == ("Cancelled", "cancelled by service delete")
    assert "hanging" not in server.cli("service", "list").out


def test_an_update_takes_the_place_of_a_deployment_that_hangs(server, hanging, project):
    fixed = project("def init(): pass\ndef run(body): return 'fixed'\n", folder="fixed")
    server.cli("service", "update", "-n", "hanging", "-ic", "inferenceconfig.json", cwd=fixed.folder)
    assert server.score("hanging").json() == "fixed"
    assert operation_of(server, hanging)["state"] == "Cancelled"


def test_ctrl_c_says_that_the_deployment_goes_on_and_how_to_end_it(server, project):
    files = ["-ic", "inferenceconfig.json", "-dc", "deploymentconfig.json"]
    words = ["model", "deploy", "-n", "waits", "-m", server.have_model(), *files]
    waiting = subprocess.Popen(
        [BINARY, *words], cwd=project(HANGS).folder, env=server.environment(), stderr=subprocess.PIPE, text=True
    )
    try:
        for line in waiting.stderr:  # it follows
            if "Starting replica" in line:
                break
        os.kill(waiting.pid, signal.SIGINT)
        _, said = waiting.communicate(timeout=20)
    finally:
        waiting.kill()
        remove(server, "waits")
    assert waiting.returncode == 130
    assert "stopped waiting; the deployment of waits goes on" in said
    assert "`tidegate service show -n waits`; `tidegate service delete -n waits` cancels it" in said


def test_a_failed_first_deployment_is_listed_until_it_is_deleted_and_has_its_traceback_once(server, project):
    error = server.deploy("failed", project(RAISES), fails=True).err
    assert error.count("Traceback (most recent call last)") == 1, error
    listed = {s["name"]: s["state"] for s in server.cli("service", "list").json()}
    assert listed["failed"] == server.service("failed")["state"] == "Failed"
    run = server.cli("service", "run", "-n", "failed", "-d", "1", fails=True).err
    assert "failed is Failed: " in run
    assert "ValueError: no such column" in run
    server.cli("service", "delete", "-n", "failed")
    assert "failed" not in {s["name"] for s in server.cli("service", "list").json()}
