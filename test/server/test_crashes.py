"""A run() that ends the process: the exit says how, the log says where, and nobody waits for ever."""

import signal

import pytest
from raw_client import RawClient, post
from replica import wait_until

ENDING = """
import ctypes, os, signal, sys, time

def init():
    pass

def run(way):
    if way == "segfault":
        ctypes.string_at(0)
    if way == "abort":
        os.abort()
    if way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if way == "exit":
        os._exit(7)
    if way == "sys.exit":
        sys.exit(3)
    if way == "thread":
        import threading
        threading.Thread(target=os._exit, args=(5,)).start()
        time.sleep(60)
    if way == "recursion":
        run(way)
    if way == "memory":
        return len(bytearray(1 << 46))
    return way
"""


@pytest.mark.parametrize(
    "way, code",
    [
        ("segfault", -signal.SIGSEGV),
        ("abort", -signal.SIGABRT),
        ("kill", -signal.SIGKILL),
        ("exit", 7),
        ("thread", 5),
    ],
)
def test_the_process_ends_as_the_script_ended_it_and_its_caller_does_not_wait(serve, way, code):
    replica = serve(ENDING)
    with RawClient(replica) as client, RawClient(replica) as idle:
        assert client.send(post(way.encode())).replies() == []
        assert idle.replies() == []
    assert replica.exit_code() == code


@pytest.mark.parametrize("way", ["segfault", "abort"])
def test_a_crash_names_the_line_in_the_log(serve, way):
    replica = serve(ENDING)
    with RawClient(replica) as client:
        client.send(post(way.encode())).replies()
    replica.exit_code()
    assert b'score.py", line' in replica.stderr and b"in run" in replica.stderr


@pytest.mark.parametrize("way", ["sys.exit", "recursion", "memory"])
def test_what_python_can_refuse_is_a_500_and_the_process_lives_on(serve, way):
    replica = serve(ENDING)
    reply = replica.score(way.encode())
    assert reply.status == 500
    assert b"Traceback" not in reply.body
    assert replica.score(b"on").json() == "on"


def test_a_run_that_blocks_for_ever_keeps_neither_probes_nor_refusals_waiting(serve):
    replica = serve("import time\ndef init(): pass\ndef run(data): time.sleep(3600)\n")
    with RawClient(replica) as client:
        client.send(post(b"x"))
        wait_until(lambda: replica.score(b"y").not_started, "the place to be taken", replica)
        assert replica.get("/").status == 200
    replica.process.kill()


def test_callers_who_wait_for_a_place_are_let_go_when_the_process_ends(serve):
    replica = serve(ENDING, env={"TIDEGATE_MAX_CONCURRENT": "8"})
    callers = [RawClient(replica) for _ in range(8)]
    for caller in callers:
        caller.send(post(b"exit"))
    assert [caller.replies() for caller in callers] == [[]] * 8
    assert replica.exit_code() == 7
    for caller in callers:
        caller.socket.close()
