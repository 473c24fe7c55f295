"""TIDEGATE_THREADS: requests run in threads beside the main thread."""

import time

import pytest
from replica import ECHO, wait_until
from test_limits import GATED, InBackground, hold, release

FOUR = {"TIDEGATE_THREADS": "4", "TIDEGATE_MAX_CONCURRENT": "4"}

# Each call waits until as many as its body says are inside.
MEETING = """
import threading
meetings = {}
lock = threading.Lock()

def init():
    pass

def run(data):
    name, count = data.split()
    with lock:
        barrier = meetings.setdefault(name, threading.Barrier(int(count)))
    barrier.wait(20)
    return threading.current_thread() is threading.main_thread()
"""


def together(replica, bodies, **headers):
    return [thread.result() for thread in [InBackground(lambda b=b: replica.score(b, **headers)) for b in bodies]]


def test_four_requests_overlap(serve):
    replica = serve(MEETING, env=FOUR)
    assert "Requests run in 4 threads" in replica.log()
    for number in range(3):
        replies = together(replica, [b"m%d 4" % number] * 4)
        assert [reply.json() for reply in replies] == [False] * 4


def test_a_script_that_says_so_gets_as_many_threads_as_requests(serve):
    replica = serve("tidegate_concurrent = True\n" + MEETING, env={"TIDEGATE_MAX_CONCURRENT": "3"})
    assert [reply.status for reply in together(replica, [b"m 3"] * 3)] == [200] * 3


def test_without_either_one_runs_at_a_time(serve):
    replica = serve("""
        import threading
        def init(): pass
        def run(data): return [threading.active_count(), threading.current_thread() is threading.main_thread()]
        """, env={"TIDEGATE_MAX_CONCURRENT": "4"})
    assert replica.score().json() == [1, True]


def test_a_request_more_than_the_limit_is_refused(serve):
    replica = serve(GATED, env={**FOUR, "TIDEGATE_MAX_CONCURRENT": "2"})
    held = [hold(replica, name) for name in ("one", "two")]
    assert replica.score(b"x").not_started
    release(replica, "one")
    assert held[0].result().json()[0] == 2  # both were inside
    assert replica.score(b"x").status == 200
    release(replica, "two")
    assert held[1].result().status == 200


@pytest.mark.parametrize("how", ["pass", "time.sleep(0.01)"])
def test_the_time_limit_reaches_a_thread_and_does_not_lose_it(serve, how):
    replica = serve(f"""
import threading, time
def init(): pass
def run(data):
    while data == 'long': {how}
    return threading.current_thread().name
""", env={"TIDEGATE_THREADS": "2", "TIDEGATE_MAX_CONCURRENT": "2", "SCORING_TIMEOUT_MS": "200"})
    for _ in range(3):
        replies = together(replica, [b"long", b"long"])
        assert [(reply.status, reply.message) for reply in replies] == [(500, "Scoring timeout after 200 ms")] * 2
    names = {replica.score(b"x").json() for _ in range(40)}
    assert names <= {"tidegate-run-1", "tidegate-run-2"}
    assert replica.process.poll() is None


def test_a_limit_that_passes_as_run_returns_does_not_hit_the_next_request(serve):
    replica = serve("import time\ndef init(): pass\ndef run(data): time.sleep(float(data or 0))\n",
                    env={"TIDEGATE_THREADS": "2", "TIDEGATE_MAX_CONCURRENT": "2", "SCORING_TIMEOUT_MS": "30"})
    for _ in range(20):
        assert replica.score(b"0.13").status in (200, 500)  # the limit, and 100 ms for a router to answer first
        assert replica.score().status == 200


def test_lines_carry_the_id_of_their_own_request(serve):
    replica = serve("""
        import threading
        barrier = threading.Barrier(4)
        def init(): pass
        def run(data):
            barrier.wait(20)
            print('body', data)
            barrier.wait(20)
        """, env=FOUR)
    threads = [InBackground(lambda n=n: replica.score(b"%d" % n, x_request_id=f"id-{n}")) for n in range(4)]
    assert all(thread.result().status == 200 for thread in threads)
    for number in range(4):
        assert f"azmlinfsrv.print [id-{number}] - body {number}\n" in replica.log()


def test_sigterm_finishes_what_the_threads_run(serve):
    replica = serve("""
        import time
        def init(): pass
        def run(data):
            open(data, 'w').close()
            time.sleep(0.4)
            return 'whole'
        """, env=FOUR)
    threads = [InBackground(lambda n=n: replica.score(b"begun%d" % n)) for n in range(4)]
    wait_until(lambda: all((replica.app / f"begun{n}").exists() for n in range(4)), "run() to begin", replica)
    replica.terminate()
    assert [thread.result().json() for thread in threads] == ["whole"] * 4
    assert replica.exit_code() == 0


def test_a_thread_that_hangs_in_c_ends_the_process_and_others_are_answered(serve):
    replica = serve("""
        import time
        def init(): pass
        def run(data):
            time.sleep(float(data))
            return 'back'
        """, env={"TIDEGATE_THREADS": "2", "TIDEGATE_MAX_CONCURRENT": "3", "SCORING_TIMEOUT_MS": "300"})
    stuck = InBackground(lambda: replica.score(b"60"))
    assert stuck.result().message == "Scoring timeout after 300 ms"
    assert replica.exit_code() == 124
    assert b"in run" in replica.stderr


@pytest.mark.parametrize("text", ["0", "-1", "two"])
def test_a_bad_number_is_said_at_the_start(launch, text):
    replica = launch(ECHO, env={"TIDEGATE_THREADS": text})
    assert replica.exit_code() == 3
    assert "TIDEGATE_THREADS must be a whole number" in replica.startup_error()["message"]


def test_more_threads_than_requests_are_not_made(serve):
    began = time.monotonic()
    replica = serve(ECHO, env={"TIDEGATE_THREADS": "64"})
    assert replica.score(b"x").json() == "x"
    assert "Requests run in" not in replica.log()
    assert time.monotonic() - began < 30
