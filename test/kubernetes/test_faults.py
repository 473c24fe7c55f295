"""Faults in and around a cluster under open-loop load without retries."""

import threading
import time

import pytest
from support.load import Load
from support.processes import wait_until
from target import DEPLOY_SECONDS, ready_project

pytestmark = pytest.mark.timeout(300)

RATE = 30
API_SERVER_AWAY_S = 60


def slow(seconds):
    """Sleeps in run()."""
    return f"import os, time\ndef init(): pass\ndef run(body):\n    time.sleep({seconds})\n    return os.environ['HOSTNAME']\n"


@pytest.fixture
def live(server, service, tmp_path):
    """A service on the shared target, and the project it is from."""

    def make(seconds=0.005, **deployment):
        small = {"cpu": 0.05, "memoryInGB": 0.1, "cpuLimit": 1, "memoryInGBLimit": 0.3}
        options = {"containerResourceRequirements": small, "maxQueueWaitMs": 5000, **deployment}
        project = ready_project(tmp_path / "live", slow(seconds), **options)
        service("live", project)
        return project

    return make


def load_on(server, name="live", **options):
    return Load(server.uri(name), server.key(name), rate=RATE, seconds_max=200, **options)


def after_more(load, count):
    """Waits until the load has seen `count` more requests through."""
    target = load.sent() + count
    wait_until(lambda: load.sent() >= target, seconds=60, what=f"{count} more requests")


def update(server, project, **options):
    words = ["service", "update", "-n", "live", "-ic", "inferenceconfig.json"]
    return server.cli(*words, cwd=project.folder, seconds=DEPLOY_SECONDS, **options)


# --- control --------------------------------------------------------------------------------------


def test_kill_9_of_control_fails_no_request_and_touches_no_pod(server, target, live):
    live(numReplicas=2)
    pods, control = target.pods("live"), server.control()
    with load_on(server) as load:
        after_more(load, RATE)
        control.kill()
        wait_until(lambda: server.rest.health() and server.rest.health()["pid"] != control.pid, what="a new control")
        wait_until(lambda: server.phases("live") == ["ready", "ready"], seconds=60, what="both pods to be known again")
        after_more(load, RATE)
    load.report.assert_none_failed()
    assert target.pods("live") == pods


def test_control_killed_in_the_middle_of_an_update_goes_on_with_it(server, target, live):
    project = live()
    project.write("score.py", "import time\ndef init(): time.sleep(3)\ndef run(body): return 'new'\n")
    with load_on(server) as load:
        caller = threading.Thread(target=update, args=(server, project))
        caller.start()
        after_more(load, RATE)
        server.control().kill()
        caller.join()
        after_more(load, RATE)
    load.report.assert_none_failed()
    assert server.score("live").json() == "new"


# --- the API server -------------------------------------------------------------------------------


def test_an_api_server_that_is_away_for_a_minute_fails_no_request(server, target, live, own_cluster):
    live(numReplicas=2)
    with load_on(server) as load:
        after_more(load, RATE)
        own_cluster.part("apiserver", "pause")
        try:
            time.sleep(API_SERVER_AWAY_S)  # the fault itself: this long nobody answers
        finally:
            own_cluster.part("apiserver", "resume")
        after_more(load, RATE)
    load.report.assert_none_failed()
    server.wait_state("live", "Healthy", seconds=90)


# --- routers --------------------------------------------------------------------------------------


def test_a_router_that_is_deleted_on_fastprod_hurts_only_what_is_in_flight(server, namespace, tmp_path):
    target = server.attach("fast", namespace, purpose="FastProd")
    assert len(target.routers()) == 3
    target.deploy("fastlive", ready_project(tmp_path, slow(0.01), numReplicas=2, maxQueueWaitMs=5000))
    victim = target.routers()[0]
    with load_on(server, "fastlive") as load:
        after_more(load, RATE)
        target.delete_pod(victim)
        wait_until(
            lambda: victim not in target.routers() and len(target.routers()) == 3, seconds=90, what="another router"
        )
        after_more(load, RATE)
    server.cli("service", "delete", "-n", "fastlive", seconds=90)
    target.detach()
    # 10 ms at 30 a second is less than one, and as many as can be on their way.
    assert len(load.report.failed) <= 3, f"{load.report}\n{load.report.failed}"
    assert all(o.status == 0 for o in load.report.failed), load.report.failed


# --- changes --------------------------------------------------------------------------------------


def test_updates_under_load_with_one_replica_fail_nothing(server, target, live):
    project = live()
    before = target.pods("live")
    with load_on(server) as load:
        for seconds in (0.004, 0.006):
            after_more(load, RATE)
            project.write("score.py", slow(seconds))
            update(server, project)
        after_more(load, RATE)
    load.report.assert_none_failed()
    wait_until(lambda: len(now := target.pods("live")) == 1 and now != before, seconds=60, what="one new pod")


def test_more_and_fewer_replicas_under_load_fail_nothing(server, target, live):
    live()
    with load_on(server) as load:
        for count in (3, 1, 3):
            server.cli("service", "update", "-n", "live", "--num-replicas", str(count), seconds=DEPLOY_SECONDS)
            wait_until(lambda: len(target.pods("live")) == count, seconds=60, what=f"{count} pods")
            after_more(load, RATE)
    load.report.assert_none_failed()


def test_a_pod_that_is_deleted_beside_another_fails_nothing(server, target, live):
    live(numReplicas=2)
    victim = target.pods("live")[0]
    with load_on(server) as load:
        after_more(load, RATE)
        target.delete_pod(victim)
        wait_until(lambda: len(now := target.pods("live")) == 2 and victim not in now, seconds=90, what="another pod")
        after_more(load, RATE)
    load.report.assert_none_failed()


# --- limits ---------------------------------------------------------------------------------------


def test_a_pod_never_has_more_in_flight_than_its_limit(server, service, tmp_path):
    """With several routers the replica's own count is the limit; one request at a time is the sharpest."""
    script = (
        "import threading, time\nlock = threading.Lock()\ninside = most = 0\ndef init(): pass\n"
        "def run(body):\n    global inside, most\n    with lock:\n        inside += 1\n        most = max(most, inside)\n"
        "    time.sleep(0.02)\n    with lock:\n        inside -= 1\n    return most\n"
    )
    service("counted", ready_project(tmp_path, script, maxConcurrentRequestsPerContainer=1, maxQueueWaitMs=5000))
    with load_on(server, "counted") as load:
        after_more(load, 3 * RATE)
    load.report.assert_none_failed()
    assert {o.body for o in load.report.outcomes} == {b"1"}
