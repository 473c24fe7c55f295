"""The main thread serves and runs; a helper answers while run() is busy; signals and time limits reach it."""

import os
import signal
import time

import pytest
from replica import ECHO, wait_until
from test_limits import InBackground

# "hang": holds the interpreter for ever, in a call that no signal ends. "long": for some time.
HOLDER = """
import ctypes, struct, time
mutex = ctypes.create_string_buffer(64)

def init():
    ctypes.PyDLL(None).pthread_mutex_lock(mutex)

def run(data):
    open('begun', 'w').close()
    if data == 'hang':
        ctypes.PyDLL(None).pthread_mutex_lock(mutex)
    if data == 'long':  # half a second, which no signal cuts short
        until = divmod(time.time() + 0.5, 1)
        ctypes.PyDLL(None).pthread_mutex_timedlock(mutex, struct.pack('ll', int(until[0]), int(until[1] * 1e9)))
    return 'back'
"""


def begun(replica):
    wait_until((replica.app / "begun").exists, "run() to begin", replica)


def timed(call):
    began = time.monotonic()
    value = call()
    return value, time.monotonic() - began


BUSY = {
    "asleep": "time.sleep(1)",
    "in bytecode": "end = time.monotonic() + 1\n    while time.monotonic() < end: pass",
    "in C with the interpreter": "sum(range(30_000_000))",
    "in foreign C with the interpreter": "ctypes.PyDLL(None).usleep(900_000)",
}


@pytest.mark.parametrize("how", BUSY)
def test_health_and_refusals_do_not_wait_for_run(serve, how):
    replica = serve(f"""
import ctypes, time
def init(): pass
def run(data):
    open('begun', 'w').close()
    {BUSY[how]}
    return 'done'
""")
    busy = InBackground(lambda: timed(replica.score))
    begun(replica)
    answers = [timed(lambda: replica.get("/")), timed(lambda: replica.score(b"x"))]
    assert busy.is_alive()
    assert (answers[0][0].status, answers[1][0].not_started) == (200, True)
    assert busy.result()[0].json() == "done"
    # Far below the second that run() takes, with room for a machine that is busy itself.
    assert max(seconds for _, seconds in answers) < busy.result()[1] / 2


def test_signal_handlers_of_the_script_run_while_idle_and_while_busy(serve):
    replica = serve("""
        import signal, time
        def init():
            signal.signal(signal.SIGUSR1, lambda number, frame: open('seen', 'a').write('x'))
        def run(data):
            if data:
                open('begun', 'w').close()
                time.sleep(0.3)
            return 'done'
        """)
    seen = replica.app / "seen"

    def count():
        return len(seen.read_text()) if seen.exists() else 0

    for number in range(1, 4):
        replica.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: count() == number, "the handler", replica)
        assert replica.score().json() == "done"
    busy = InBackground(lambda: replica.score(b"1"))
    begun(replica)
    replica.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: count() == 4, "the handler", replica)
    assert busy.result().json() == "done"


def test_an_event_loop_that_takes_the_wakeup_descriptor_does_not_keep_it(serve):
    replica = serve("""
        import asyncio, signal
        def init():
            signal.signal(signal.SIGUSR1, lambda number, frame: open('seen', 'w').close())
        async def answer():
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR2, print)  # sets it, and its end removes it
            await asyncio.sleep(0)
            loop.remove_signal_handler(signal.SIGUSR2)
            return signal.set_wakeup_fd(-1)
        def run(data):
            return asyncio.run(answer())
        """)
    assert replica.score().json() == -1
    replica.process.send_signal(signal.SIGUSR1)
    wait_until((replica.app / "seen").exists, "the handler", replica)


def test_a_signal_handler_that_raises_ends_the_server(serve):
    replica = serve("""
        import signal
        class Leave(Exception): pass
        def leave(number, frame): raise Leave('now')
        def init(): signal.signal(signal.SIGUSR1, leave)
        def run(data): return data
        """)
    replica.process.send_signal(signal.SIGUSR1)
    assert replica.exit_code() != 0
    assert b"Leave: now" in replica.stderr


def test_threads_of_the_script_go_on_while_idle(serve):
    replica = serve("""
        import threading, time
        count = 0
        def work():
            global count
            while True:
                count += 1
                time.sleep(0.002)
        def init(): threading.Thread(target=work, daemon=True).start()
        def run(data): return count
        """)
    before = replica.score().json()
    wait_until(lambda: replica.score().json() > before + 20, "the thread to go on", replica)


def test_init_and_run_are_on_pythons_main_thread(serve):
    replica = serve("""
        import signal, sqlite3, threading
        def init():
            global database
            database = sqlite3.connect(':memory:')  # refuses other threads
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        def run(data):
            signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # main thread only
            return [database.execute('select 41 + 1').fetchone()[0],
                    threading.current_thread() is threading.main_thread()]
        """)
    for _ in range(3):
        assert replica.score().json() == [42, True]


def test_many_clients_are_served_one_after_the_other(serve):
    replica = serve(ECHO, env={"TIDEGATE_MAX_CONCURRENT": "16"})

    def client(number):
        connection = replica.connection()
        for step in range(50):
            text = f"{number} {step}"
            connection.request("POST", "/score", text.encode())
            assert connection.getresponse().read() == f'"{text}"'.encode()
        connection.close()
        return True

    assert all(thread.result() for thread in [InBackground(lambda n=n: client(n)) for n in range(16)])


def test_a_child_that_comes_back_from_run_does_not_answer(serve):
    replica = serve("""
        import os
        def init(): pass
        def run(data):
            child = os.fork()
            return os.waitpid(child, 0)[1] if child else 'the child'
        """)
    connection = replica.connection()
    for _ in range(3):
        connection.request("POST", "/score", b"")
        assert connection.getresponse().read() == b"0"
    connection.close()


def test_a_run_that_hangs_in_c_ends_the_process(serve):
    """Its caller and those that wait are answered first, and the log says where it hangs."""
    replica = serve(HOLDER, env={"SCORING_TIMEOUT_MS": "200", "TIDEGATE_MAX_CONCURRENT": "2"})
    assert replica.score().json() == "back"
    (replica.app / "begun").unlink()
    stuck = InBackground(lambda: replica.score(b"hang", x_request_id="stuck-one"))
    begun(replica)
    waiting = InBackground(lambda: replica.score(b""))
    assert (stuck.result().status, stuck.result().message) == (500, "Scoring timeout after 200 ms")
    assert stuck.result().headers["x-ms-run-function-failed"] == "True"
    assert waiting.result().not_started
    assert replica.exit_code() == 124
    assert "E [" in replica.log()
    assert "[stuck-one] - run() has not come back" in replica.log()
    assert b'score.py", line 11 in run' in replica.stderr


def test_a_run_that_comes_back_from_c_within_the_grace_costs_no_process(serve):
    replica = serve(HOLDER, env={"SCORING_TIMEOUT_MS": "20"})
    assert replica.score(b"long").message == "Scoring timeout after 20 ms"
    for _ in range(3):
        assert replica.score().json() == "back"


def test_an_idle_server_uses_no_processor(serve):
    replica = serve(ECHO)
    assert replica.score(b"x").json() == "x"

    def ticks():
        fields = open(f"/proc/{replica.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def switches():
        total = 0
        for thread in os.listdir(f"/proc/{replica.process.pid}/task"):
            status = open(f"/proc/{replica.process.pid}/task/{thread}/status").read()
            total += int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])
        return total

    def is_still():
        before = switches()
        time.sleep(0.2)
        return switches() == before

    wait_until(is_still, "every thread to sleep without end", replica)
    assert ticks() < 200


def test_sigterm_while_a_background_thread_is_busy(serve):
    replica = serve("""
        import threading
        def spin():
            while True: pass
        def init(): threading.Thread(target=spin, daemon=True).start()
        def run(data): return data
        """)
    assert replica.score(b"x").json() == "x"
    replica.terminate()
    assert replica.exit_code() == 0
