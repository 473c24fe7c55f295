"""From the moment at which the cluster knows what is wrong, the operation says so within five seconds.

test_bad_days.py has pods that no node takes and images that cannot be pulled.
"""

import contextlib
import time

import pytest
from cluster.clusters import OwnCluster
from support.processes import wait_until
from target import ready_project

pytestmark = pytest.mark.timeout(200)

WITHIN_S = 5.0


def has_ended_badly(pod):
    states = [*pod["status"].get("initContainerStatuses", []), *pod["status"].get("containerStatuses", [])]
    runs = [state.get(which, {}) for state in states for which in ("state", "lastState")]
    ends = [run["terminated"] for run in runs if "terminated" in run]
    return any(end["exitCode"] != 0 for end in ends)


class Operation:
    def __init__(self, server, name):
        self.server = server
        self.id = wait_until(lambda: server.service(name)["operationId"], what="the operation")

    def text(self):
        """Its log and its error."""
        error = str(self.server.rest.mms("GET", f"operations/{self.id}").json().get("error") or "")
        return self.server.rest.mms("GET", f"operations/{self.id}/log").body.decode() + error


@pytest.fixture
def seconds_until_told(server, target):
    """Starts what must go wrong, and measures; the service is deleted afterwards."""
    names = []
    removed = lambda name: server.rest.mms("DELETE", f"services/{name}").status == 204  # noqa: E731

    def measure(name, start, known, *words):
        names.append(name)
        start()
        pods = lambda: target.get("pods", "-l", f"tidegate.io/service={name}")  # noqa: E731
        wait_until(lambda: any(known(pod) for pod in pods()), seconds=60, what="the cluster to know")
        began = time.monotonic()
        operation = Operation(server, name)
        wait_until(lambda: all(w in operation.text() for w in words), seconds=60, what=f"{words} in {operation.text()}")
        took = time.monotonic() - began
        print(f"{name}: told {took:.2f} s after the cluster knew")
        return took

    yield measure
    for name in names:
        # Not before its operation has ended; what was wrong is over by now.
        wait_until(lambda: removed(name), seconds=90, what=f"{name} to be gone")  # noqa: B023


def test_a_script_that_raises_in_init(target, seconds_until_told, tmp_path):
    project = ready_project(tmp_path, "def init(): raise ValueError('no such column')\ndef run(body): return 1\n")
    start = lambda: target.deploy("raises", project, "--no-wait")  # noqa: E731
    words = ("ValueError: no such column", "score.py", "deploy again")
    assert seconds_until_told("raises", start, has_ended_badly, *words) < WITHIN_S


@pytest.fixture
def own(cluster):
    if not isinstance(cluster, OwnCluster):
        pytest.skip("hurts the registry, and TIDEGATE_KUBECONFIG names somebody's cluster")
    return cluster


@contextlib.contextmanager
def artifacts_are_lost(cluster, service):
    """The registry does not know what was pushed for the service."""
    found = list((cluster.state / "registry").rglob(f"*{service}*/_manifests/revisions/sha256/*/link"))
    assert found, f"the registry has nothing of {service}"
    for link in found:
        link.rename(link.with_name("lost"))
    try:
        yield
    finally:
        for link in found:
            link.with_name("lost").rename(link)


def test_an_app_that_the_init_container_cannot_fetch(own, server, target, seconds_until_told, tmp_path):
    target.deploy("unfetched", ready_project(tmp_path))
    words = ("models and source cannot be brought to pod unfetched", "is not in the registry", "deploying again")
    start = lambda: server.cli("service", "update", "-n", "unfetched", "--num-replicas", "2", "--no-wait")  # noqa: E731
    with artifacts_are_lost(own, "unfetched"):
        assert seconds_until_told("unfetched", start, has_ended_badly, *words) < WITHIN_S
