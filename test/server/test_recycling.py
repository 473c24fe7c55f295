"""Workers are replaced at a number of requests or at a size, and no request is lost by it."""

import os

import pytest
from replica import wait_until
from workers_help import OBEDIENT, OpenLoop, living, wait_for_workers

GROWS = """
import os
kept = []

def init(): pass

def run(data):
    kept.append(os.urandom(1) * (int(data) << 20))
    return os.getpid()
"""


@pytest.mark.parametrize("count", [1, 3])
def test_replacement_by_number_of_requests_loses_none_under_load(serve, count):
    replica = serve(OBEDIENT, env={
        "WORKER_COUNT": str(count), "TIDEGATE_WORKER_MAX_REQUESTS": "15", "TIDEGATE_MAX_CONCURRENT": "500"})
    first = set(wait_for_workers(replica, count))
    load = OpenLoop(replica, rate_hz=40)
    wait_until(lambda: replica.log().count("has ended") >= 3, "three replacements", replica)
    assert set(load.end()) == {200}
    assert not first & set(wait_for_workers(replica, count)) or count > 1
    assert "is replaced: it has served as many requests as TIDEGATE_WORKER_MAX_REQUESTS allows" in replica.log()
    replica.terminate()
    assert replica.exit_code() == 0


def test_replacement_by_size_loses_none_under_load(serve):
    replica = serve(GROWS, env={
        "TIDEGATE_WORKER_MEMORY_MB": "120", "WORKER_COUNT": "2", "TIDEGATE_MAX_CONCURRENT": "500"})
    wait_for_workers(replica, 2)
    load = OpenLoop(replica, rate_hz=20, body=b"4")
    wait_until(lambda: replica.log().count("has ended") >= 2, "two replacements", replica)
    assert set(load.end()) == {200}
    assert "MB, and TIDEGATE_WORKER_MEMORY_MB is 120" in replica.log()


def test_a_limit_below_what_init_needs_does_not_replace_for_ever(serve):
    replica = serve(OBEDIENT, env={"TIDEGATE_WORKER_MEMORY_MB": "1"})
    (pid,) = wait_for_workers(replica, 1)
    replica.wait_for_log("a new one would be no smaller, so it stays")
    assert replica.score(b"x").json() == pid


def test_a_replacement_that_fails_leaves_the_old_worker_serving(serve, tmp_path):
    marker = tmp_path / "fail"
    script = f"""
        import os
        def init():
            if os.path.exists({str(marker)!r}): raise ValueError('not now')
        def run(data): return os.getpid()
        """
    replica = serve(script, env={"TIDEGATE_WORKER_MAX_REQUESTS": "2"})
    (old,) = wait_for_workers(replica, 1)
    marker.touch()
    answers = [replica.score(b"x") for _ in range(3)]
    replica.wait_for_log("ValueError: not now")
    wait_until(lambda: replica.log().count("Invoking user's init function") >= 3, "another try", replica)
    answers += [replica.score(b"x") for _ in range(3)]
    assert [reply.status for reply in answers] == [200] * 6
    assert {reply.json() for reply in answers} == {old}
    marker.unlink()
    wait_until(lambda: living(replica) and old not in living(replica), "the replacement", replica)
    assert replica.score(b"x").json() != old
    with pytest.raises(ProcessLookupError):
        os.kill(old, 0)
