"""Three routers that know nothing of each other's calls: a pod's limit holds all the same, for the pod enforces it."""

import collections

import pytest
from support.load import Load
from support.processes import wait_until
from target import ready_project

pytestmark = pytest.mark.timeout(300)

# 20 ms of run(), one at a time: the pod serves at most 50 a second. Requests come four times as fast, so that within
# half a second each router has a queue, and all three try for the one slot until the end.
RATE = 200
COUNT = 240
COUNTS_ITSELF = """
import threading, time
lock = threading.Lock()
inside = most = 0
def init(): pass
def run(body):
    global inside, most
    with lock:
        inside += 1
        most = max(most, inside)
    time.sleep(0.02)
    with lock:
        inside -= 1
    return most
"""


@pytest.fixture
def fast(server, namespace):
    target = server.attach("threefold", namespace, purpose="FastProd")
    yield target
    server.cli("service", "delete", "-n", "threefold", seconds=90)
    target.detach()


def total(target, router, metric, service):
    """Of the service, as a router pod counts."""
    path = f"/api/v1/namespaces/{target.namespace}/pods/{router}:8811/proxy/metrics"
    lines = target.kubectl("get", "--raw", path).stdout.splitlines()
    mine = [line for line in lines if line.startswith(metric) and f'service="{service}"' in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in mine)


def test_the_limit_of_a_pod_is_exact_behind_three_routers(server, fast, tmp_path):
    # One at a time is the sharpest limit: a second call within would be seen, and a router that sends one is refused.
    project = ready_project(tmp_path, COUNTS_ITSELF, maxConcurrentRequestsPerContainer=1, maxQueueWaitMs=60000)
    fast.deploy("threefold", project)
    routers = fast.routers()
    assert len(routers) == 3
    uri, key = server.uri("threefold"), server.key("threefold")
    with Load(uri, key, rate=RATE, seconds_max=COUNT / RATE, request_limit_s=70) as load:
        wait_until(lambda: load.sent() == COUNT, seconds=90, what="an end to every request")
    load.report.assert_none_failed()
    assert collections.Counter(o.body for o in load.report.outcomes).keys() == {b"1"}
    served = [total(fast, router, "tidegate_router_requests_total", "threefold") for router in routers]
    assert all(served), f"not every router had a part in it: {served}"
    refused = sum(total(fast, router, "tidegate_router_retries_total", "threefold") for router in routers)
    assert refused > 0, "no router was ever refused, so this says nothing about the limit"
