"""The limit of requests in one replica, counted inside run() by the script itself."""

import json
import socket
import time
from urllib.parse import urlsplit

import pytest
from scripts import COUNTING
from support.load import Load
from support.processes import wait_until
from support.project import Project
from support.rest import score


@pytest.fixture
def counting(new_server, tmp_path):
    def make(**deployment):
        server = new_server().start()
        server.deploy("live", Project(tmp_path / "project", COUNTING, **deployment))
        return server

    return make


def most_inside(server, key, replicas):
    """For each replica, the most requests that were ever inside its run() at once."""
    found = {}

    def ask():
        # Several at once, or the first replica could answer all.
        with Load(server.uri("live"), key, rate=100, body=b'{"sleep": 0.03}', seconds_max=0.1) as load:
            wait_until(lambda: load.sent() >= 10, what="ten answers")
        for outcome in load.report.outcomes:
            if outcome.ok:
                answer = json.loads(outcome.body)
                found[answer["replica"]] = max(answer["most"], found.get(answer["replica"], 0))
        return len(found) == replicas

    wait_until(ask, what=f"an answer of each of the {replicas} replicas")
    return list(found.values())


@pytest.mark.parametrize(("limit", "replicas"), [(1, 2), (3, 1)])
def test_never_more_than_the_limit_inside_run_under_overload(counting, limit, replicas):
    server = counting(numReplicas=replicas, maxConcurrentRequestsPerContainer=limit, maxQueueWaitMs=200)
    key = server.key("live")
    with Load(server.uri("live"), key, rate=300) as load:
        wait_until(lambda: load.sent() >= 600, what="600 requests")
    refused = load.report.failed
    assert 0 < len(refused) < len(load.report.outcomes), load.report
    assert {(o.status, json.loads(o.body)["reason"]) for o in refused} <= {(503, "queue_timeout"), (503, "queue_full")}
    assert max(most_inside(server, key, replicas)) <= limit


def test_never_more_after_time_outs(counting):
    """After a 504 run() goes on, and its place stays taken until it has come back."""
    server = counting(scoringTimeoutMs=200, maxQueueWaitMs=3000)
    key = server.key("live")
    late = score(server.uri("live"), key, b'{"sleep": 1.5, "stubborn": true}')
    assert (late.status, late.reason) == (504, "timed_out")
    began = time.monotonic()
    following = score(server.uri("live"), key, b'{"sleep": 0}')
    waited = time.monotonic() - began
    assert following.status == 200, following
    assert waited > 0.5, "the next request went in while run() was still busy"
    assert most_inside(server, key, 1) == [1]


def test_a_time_limit_interrupts_run_where_python_can_be_interrupted(counting):
    server = counting(scoringTimeoutMs=200, maxQueueWaitMs=3000)
    key = server.key("live")
    assert score(server.uri("live"), key, b'{"sleep": 30}').reason == "timed_out"
    assert score(server.uri("live"), key, b'{"sleep": 0}').status == 200


def leave_early(uri, key, body):
    """Sends a whole request and goes away without reading the reply."""
    url = urlsplit(uri)
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(
            f"POST {url.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        )


def test_never_more_when_clients_leave(counting):
    server = counting(maxQueueWaitMs=5000)
    key = server.key("live")
    for _ in range(10):
        leave_early(server.uri("live"), key, b'{"sleep": 0.2}')
    with Load(server.uri("live"), key, rate=20, body=b'{"sleep": 0.01}') as load:
        wait_until(lambda: load.sent() >= 30, what="30 requests")
    load.report.assert_none_failed()
    assert most_inside(server, key, 1) == [1]


def test_never_more_after_the_router_was_killed(counting):
    """The new router knows nothing of what the old one had sent; the replica does."""
    server = counting(numReplicas=2, maxQueueWaitMs=5000)
    key = server.key("live")
    for _ in range(4):
        leave_early(server.uri("live"), key, b'{"sleep": 1}')
    time.sleep(0.2)  # not for correctness: lets them reach run()
    server.router().kill()
    with Load(server.uri("live"), key, rate=20, body=b'{"sleep": 0.01}') as load:
        wait_until(lambda: any(o.ok for o in load._outcomes), what="a request served by the new router")
        served = load.sent()
        wait_until(lambda: load.sent() >= served + 40, what="40 more")
    assert [o for o in load.report.outcomes if o.status not in (0, 200)] == []
    assert most_inside(server, key, 2) == [1, 1]


def test_a_queue_wait_that_is_too_long_is_503_with_its_reason(counting):
    server = counting(maxQueueWaitMs=100)
    key = server.key("live")
    leave_early(server.uri("live"), key, b'{"sleep": 2}')
    time.sleep(0.1)  # not for correctness: it is in run() or just before
    late = score(server.uri("live"), key)
    assert (late.status, late.reason) == (503, "queue_timeout")
    assert int(late.headers["retry-after"]) >= 1
    assert "live" in late.json()["message"]
