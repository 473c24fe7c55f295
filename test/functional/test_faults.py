"""Faults that must not hurt, on the real binary, under open-loop load without retries."""

import json
import threading
import time

import pytest
from scripts import slow
from support.load import Load
from support.processes import Process, wait_until
from support.project import Project
from support.rest import score

RATE = 60


@pytest.fixture
def own(new_server, tmp_path):
    """A server of the test's own with one service `live`; keyword arguments go to the deployment config."""

    def make(script=None, **deployment):
        server = new_server().start()
        server.deploy("live", Project(tmp_path / "project", script or slow(0.002), **deployment))
        return server

    return make


def load_on(server, rate=RATE, **options):
    return Load(server.uri("live"), server.key("live"), rate=rate, **options)


def after_more(load, count):
    """Waits until the load has seen `count` more requests through."""
    target = load.sent() + count
    wait_until(lambda: load.sent() >= target, what=f"{count} more requests")


# --- control --------------------------------------------------------------------------------------


def test_kill_9_of_control_fails_no_request_and_the_new_one_adopts_the_replicas(own):
    server = own(numReplicas=2)
    replicas, control = server.replicas("live"), server.control()
    with load_on(server) as load:
        after_more(load, RATE)
        control.kill()
        wait_until(lambda: server.rest.health() and server.rest.health()["pid"] != control.pid, what="a new control")
        wait_until(lambda: len(server.replicas("live")) == 2, what="two adopted replicas")
        after_more(load, RATE)
    load.report.assert_none_failed()
    assert server.replicas("live") == replicas


def test_control_killed_in_the_middle_of_a_deployment_goes_on_with_it(own, tmp_path):
    server = own()
    slow_start = "import time\ndef init(): time.sleep(2)\ndef run(body): return 'here'\n"
    server.deploy("late", Project(tmp_path / "late", slow_start), "--no-wait")
    server.control().kill()
    wait_until(server.rest.health, what="a new control")
    wait_until(lambda: server.service("late")["state"] == "Healthy", what="late to be Healthy")
    assert server.score("late").json() == "here"
    assert len(server.replicas("late")) == 1


def test_control_killed_again_and_again_during_updates_loses_nothing(own, tmp_path):
    server = own()
    project = Project(tmp_path / "again", slow(0.002))
    with load_on(server) as load:
        for round_ in range(3):
            project.write("extra.py", f"round = {round_}\n")
            update = threading.Thread(
                target=server.cli, args=("service", "update", "-n", "live", "-ic", "inferenceconfig.json"),
                kwargs={"cwd": project.folder},
            )  # fmt: skip
            update.start()
            after_more(load, 10 * (round_ + 1))
            server.control().kill()
            wait_until(server.rest.health, what="a new control")
            update.join()
    load.report.assert_none_failed()
    wait_until(lambda: len(server.replicas("live")) == 1, what="one replica")


# --- router ---------------------------------------------------------------------------------------


def test_kill_9_of_the_router_hurts_only_what_is_in_flight_and_it_is_back_within_a_second(own):
    server = own(slow(0.02), numReplicas=2)
    replicas, router = server.replicas("live"), server.router()
    with load_on(server, rate=40) as load:
        after_more(load, 40)
        killed_at = time.monotonic()
        router.kill()
        fresh = wait_until(lambda: ok_or_none(server), seconds=5, what="a scored request")
        back_after = time.monotonic() - killed_at
        after_more(load, 80)
    assert fresh.status == 200
    assert back_after < 1.0, f"the first answer came {back_after:.2f} s after the kill"
    # In flight then: 20 ms at 40 a second is one, and as many as can be on their way between the two.
    assert len(load.report.failed) <= 4, f"{load.report}\n{load.report.failed}"
    assert all(o.status == 0 for o in load.report.failed), load.report.failed
    assert server.replicas("live") == replicas


def ok_or_none(server):
    try:
        reply = score(server.uri("live"), KEYS.setdefault(server.uri("live"), server.key("live")), timeout=2)
    except OSError:
        return None
    return reply if reply.status == 200 else None


KEYS = {}


def test_the_router_serves_on_while_control_is_stopped(own):
    """SIGSTOP: control is there but says nothing, which is worse than being gone."""
    server = own()
    control = server.control()
    key = server.key("live")
    control.signal(19)
    try:
        assert score(server.uri("live"), key).status == 200
        assert score(server.uri("live"), "wrong").status == 401
    finally:
        control.signal(18)


# --- replicas -------------------------------------------------------------------------------------


def test_kill_9_of_a_replica_only_hurts_what_had_started_there_and_it_is_replaced(own):
    server = own(slow(0.02), numReplicas=2, maxQueueWaitMs=5000)
    victim, other = server.replicas("live")
    with load_on(server, rate=40) as load:
        after_more(load, 40)
        victim.kill()
        wait_until(
            lambda: len(now := server.replicas("live")) == 2 and victim not in now, what="a replacement of the replica"
        )
        after_more(load, 40)
    assert len(load.report.failed) <= 1, f"{load.report}\n{load.report.failed}"
    for outcome in load.report.failed:
        assert (outcome.status, json.loads(outcome.body)["reason"]) == (502, "replica_exited")
    assert other in server.replicas("live")


def test_a_request_inside_run_when_its_replica_dies_gets_502_replica_exited(own):
    server = own(slow(0.002))
    replies = []
    key = server.key("live")
    caller = threading.Thread(target=lambda: replies.append(score(server.uri("live"), key, b'{"sleep": 20}')))
    caller.start()
    wait_until(lambda: metric(server, "tidegate_router_in_flight") == 1, what="the request to be inside run()")
    time.sleep(0.1)  # not for correctness: lets it reach run(), so that it has started for certain
    server.replicas("live")[0].kill()
    caller.join()
    assert (replies[0].status, replies[0].reason) == (502, "replica_exited")


def metric(server, name):
    text = score(f"http://127.0.0.1:{server.port}/metrics", method="GET", body=None).body.decode()
    values = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name)]
    assert values, f"no metric {name} in:\n{text}"
    return sum(values)


# What the body names ends the process.
ENDING = """
import ctypes, json, os, resource, signal

def init():
    pass

def run(body):
    way = json.loads(body)["way"]
    if way == "segfault":
        ctypes.string_at(0)
    if way == "exit":
        os._exit(7)
    if way == "abort":
        os.abort()
    if way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return way
"""

ENDS = {
    "segfault": "killed by signal 11 (Segmentation fault)",
    "exit": "exited with code 7",
    "abort": "killed by signal 6 (Aborted)",
    "kill": "killed by signal 9 (Killed)",
}


def test_the_caller_is_told_how_the_replica_ended_and_the_next_is_served_by_a_new_one(own):
    """One after another on one service: each end is this replica's own."""
    server = own(ENDING, maxQueueWaitMs=15_000)
    for way, told in ENDS.items():
        before = server.replicas("live")
        reply = server.score("live", json.dumps({"way": way}))
        assert (reply.status, reply.reason) == (502, "replica_exited")
        assert told in reply.json()["message"], reply.json()
        assert "not repeated" in reply.json()["message"]
        assert server.score("live", b'{"way": "on"}').json() == "on"
        wait_until(lambda: (now := server.replicas("live")) and now != before, what="a new replica")
        wait_until(lambda: told in server.cli("service", "get-logs", "-n", "live").out, what=f"{told} in the log")


def test_the_caller_is_told_also_while_control_is_stopped(own):
    server = own(ENDING)
    control, key = server.control(), server.key("live")
    control.signal(19)
    try:
        message = score(server.uri("live"), key, b'{"way": "exit"}').json()["message"]
    finally:
        control.signal(18)
    assert "exited with code 7" in message


# --- update ---------------------------------------------------------------------------------------


def test_updates_under_load_with_one_replica_fail_nothing(own, tmp_path):
    server = own(slow(0.005))
    project = Project(tmp_path / "update", slow(0.006))
    before = server.replicas("live")
    with load_on(server) as load:
        for seconds in (0.004, 0.005):
            after_more(load, RATE)
            project.write("score.py", slow(seconds))
            server.cli("service", "update", "-n", "live", "-ic", "inferenceconfig.json", cwd=project.folder)
        after_more(load, RATE)
    load.report.assert_none_failed()
    assert not any(p.alive() for p in before)
    assert len(server.replicas("live")) == 1


def test_more_and_fewer_replicas_under_load_fail_nothing(own):
    server = own(slow(0.005))
    with load_on(server) as load:
        for count in (3, 1, 2):
            server.cli("service", "update", "-n", "live", "--num-replicas", str(count))
            assert len(server.replicas("live")) == count
            after_more(load, RATE // 2)
    load.report.assert_none_failed()


def test_a_long_request_is_answered_by_the_version_it_began_with(own, tmp_path):
    server = own("import time\ndef init(): pass\ndef run(body):\n    time.sleep(2)\n    return 'old'\n")
    project = Project(tmp_path / "new", "def init(): pass\ndef run(body): return 'new'\n")
    key, replies = server.key("live"), []
    caller = threading.Thread(target=lambda: replies.append(score(server.uri("live"), key)))
    caller.start()
    wait_until(lambda: metric(server, "tidegate_router_in_flight") == 1, what="the request to be forwarded")
    server.cli("service", "update", "-n", "live", "-ic", "inferenceconfig.json", cwd=project.folder)
    assert score(server.uri("live"), key).json() == "new"
    caller.join()
    assert (replies[0].status, replies[0].json()) == (200, "old")


# --- the data folder ------------------------------------------------------------------------------


def test_the_load_generator_counts_connect_errors(new_server):
    """The tests above prove nothing if a refused connection is not a failure."""
    nobody = new_server()
    with Load(nobody.uri("live"), rate=50, seconds_max=0.2) as load:
        wait_until(lambda: load.sent() >= 10, what="ten outcomes")
    assert len(load.report.failed) == len(load.report.outcomes) == 10
    assert {o.error for o in load.report.failed} == {"ConnectionRefusedError"}


def test_process_handles_are_not_fooled_by_a_number_used_again():
    assert not Process(1, 0).alive()
