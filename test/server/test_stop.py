"""SIGTERM: nothing new, what runs is finished, exit code 0."""

import os
import signal
import time

import pytest
from replica import ECHO, wait_until
from test_limits import GATED, InBackground, hold, release


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_leaves(serve, number):
    replica = serve(ECHO)
    replica.process.send_signal(number)
    assert replica.exit_code() == 0
    assert b"Traceback" not in replica.stderr
    assert "Worker exiting" in replica.log()


def test_a_kept_connection_does_not_hold_it(serve):
    replica = serve(ECHO)
    connection = replica.connection()
    connection.request("POST", "/score", b"x")
    connection.getresponse().read()
    began = time.monotonic()
    replica.terminate()
    assert replica.exit_code() == 0
    assert time.monotonic() - began < 4  # less than the time that unread replies are given
    connection.close()


def test_the_running_request_is_finished_and_new_ones_are_refused(serve):
    replica = serve(GATED)
    held = hold(replica, "gate")
    replica.terminate()
    wait_until(lambda: replica.get("/").status == 503, "the server to be stopping", replica)
    assert replica.score(b"x").not_started
    release(replica, "gate")
    assert held.result().json() == [1, 1]
    assert replica.exit_code() == 0


def test_admitted_requests_that_wait_are_finished_too(serve):
    replica = serve(GATED, env={"TIDEGATE_MAX_CONCURRENT": "2"})
    held = hold(replica, "gate")
    others = [InBackground(lambda: replica.score(b"x")) for _ in range(3)]
    wait_until(lambda: sum(not thread.is_alive() for thread in others) == 2, "two refusals", replica)
    replica.terminate()
    release(replica, "gate")
    assert held.result().status == 200
    assert sorted(thread.result().status for thread in others) == [200, 503, 503]
    assert replica.exit_code() == 0


def test_run_in_a_system_call_is_not_interrupted(serve):
    replica = serve("import time\ndef init(): pass\ndef run(data):\n    open('begun', 'w').close()\n    time.sleep(0.3)\n    return 'whole'\n")
    background = InBackground(replica.score)
    wait_until((replica.app / "begun").exists, "run() to begin", replica)
    replica.terminate()
    assert background.result().json() == "whole"
    assert replica.exit_code() == 0


AWAITS = """
import asyncio, os, signal

def init():
    pass

async def wait_for_gate(watched):
    loop = asyncio.get_running_loop()
    if watched:
        loop.add_signal_handler(getattr(signal, watched), print, "the script's own")
        loop.remove_signal_handler(getattr(signal, watched))
    open("begun", "w").close()
    while not os.path.exists("gate"):
        await asyncio.sleep(0.005)
    return "whole"

def run(data):
    return asyncio.run(wait_for_gate(data))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_asyncio_run_lets_the_request_finish(serve, number):
    replica = serve(AWAITS)
    background = InBackground(replica.score)
    wait_until((replica.app / "begun").exists, "run() to begin", replica)
    replica.process.send_signal(number)
    wait_until(lambda: replica.get("/").status == 503, "the server to be stopping", replica)
    (replica.app / "gate").touch()
    assert background.result().json() == "whole"
    assert replica.exit_code() == 0
    assert b"Traceback" not in replica.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("watched", ["", "SIGTERM", "SIGINT"])
def test_an_event_loop_that_has_ended_leaves_the_signals_as_they_were(serve, number, watched):
    replica = serve(AWAITS)
    (replica.app / "gate").touch()
    assert replica.score(watched.encode()).json() == "whole"
    assert replica.get("/").status == 200
    replica.process.send_signal(number)
    assert replica.exit_code() == 0
    assert "Worker exiting" in replica.log()
    assert b"Traceback" not in replica.stderr


def test_the_scripts_own_handler_and_exit_functions_run_last(serve):
    replica = serve("""
        import atexit, signal
        def init():
            signal.signal(signal.SIGTERM, lambda number, frame: print('handler', number))
            atexit.register(print, 'exit function')
        def run(data): return data
        """)
    assert replica.score(b"x").json() == "x"
    replica.terminate()
    assert replica.exit_code() == 0
    log = replica.log()
    assert log.index("Worker exiting") < log.index("handler 15") < log.index("exit function")


def test_a_signal_during_init_ends_the_process(launch):
    replica = launch("import time\ndef init(): time.sleep(60)\ndef run(data): pass\n").wait_listening()
    replica.wait_for_log("Invoking user's init function")
    replica.terminate()
    assert replica.exit_code() == -signal.SIGTERM


def test_threads_that_the_script_left_do_not_hold_it(serve):
    replica = serve("""
        import threading
        def init(): threading.Thread(target=threading.Event().wait).start()
        def run(data): return data
        """)
    replica.terminate()
    assert replica.exit_code() == 0


def test_a_forked_child_dies_of_sigterm_and_keeps_no_socket(serve):
    replica = serve("""
        import os, signal, time
        def init(): pass
        def run(data):
            child = os.fork()
            if child == 0:
                time.sleep(60)
            if data == 'kill':
                os.kill(child, signal.SIGTERM)
                return os.waitpid(child, 0)[1]
            return child
        """)
    assert replica.score(b"kill").json() == signal.SIGTERM
    child = replica.score(b"leave").json()
    try:
        replica.terminate()
        assert replica.exit_code() == 0
        with pytest.raises(ConnectionRefusedError):
            replica.get("/")
    finally:
        os.kill(child, signal.SIGKILL)
