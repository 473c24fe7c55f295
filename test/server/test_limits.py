"""Never more than the limit inside run(); everything else is answered whatever run() does."""

import socket
import threading

import pytest
from replica import ECHO, wait_until

# Counts itself; each call waits for the file that its body names.
GATED = """
import os, threading, time
inside = most = calls = 0
lock = threading.Lock()

def init():
    pass

def run(data):
    global inside, most, calls
    with lock:
        inside += 1
        calls += 1
        most = max(most, inside)
    if data.startswith("wait "):
        open(data[5:] + ".begun", "w").close()
        while not os.path.exists(data[5:]):
            time.sleep(0.002)
    with lock:
        inside -= 1
    return [most, calls]
"""


class InBackground(threading.Thread):
    def __init__(self, function):
        super().__init__()
        self._function = function
        self.start()

    def run(self):
        self.value = self._function()

    def result(self):
        self.join()
        return self.value


def hold(replica, name):
    """A request that stays inside run() until release()."""
    background = InBackground(lambda: replica.score(f"wait {replica.root}/{name}".encode()))
    wait_until((replica.root / f"{name}.begun").exists, "run() to begin", replica)
    return background


def release(replica, name):
    (replica.root / name).touch()


def test_what_exceeds_the_limit_is_refused_as_not_started_and_health_goes_on(serve):
    replica = serve(GATED)
    held = hold(replica, "gate")
    refusals = [replica.score(b"x") for _ in range(20)]
    assert all(reply.not_started for reply in refusals)
    assert "limit" in refusals[0].message
    assert replica.get("/").body == b"Healthy"
    assert replica.get("/swagger.json").status == 200
    release(replica, "gate")
    assert held.result().json() == [1, 1]
    assert replica.score(b"x").json() == [1, 2]  # none of the refused ever reached run()


def test_a_higher_limit_admits_more_but_runs_one_at_a_time(serve):
    replica = serve(GATED, env={"TIDEGATE_MAX_CONCURRENT": "3"})
    held = hold(replica, "gate")
    waiting = [InBackground(lambda: replica.score(b"x")) for _ in range(8)]
    wait_until(lambda: sum(not thread.is_alive() for thread in waiting) == 6, "six refusals", replica)
    release(replica, "gate")
    statuses = sorted(thread.result().status for thread in waiting)
    assert statuses == [200] * 2 + [503] * 6
    assert held.result().status == 200
    assert replica.score(b"x").json() == [1, 4]


@pytest.mark.parametrize("limit", [1, 4])
def test_a_hundred_clients_at_once(serve, limit):
    replica = serve(GATED, env={"TIDEGATE_MAX_CONCURRENT": str(limit)})

    def client():
        connection = replica.connection()
        counts = {200: 0, 503: 0}
        for _ in range(10):
            connection.request("POST", "/score", b"x")
            response = connection.getresponse()
            response.read()
            counts[response.status] += 1
        connection.close()
        return counts

    results = [thread.result() for thread in [InBackground(client) for _ in range(100)]]
    served = sum(counts[200] for counts in results)
    assert served + sum(counts[503] for counts in results) == 1000
    assert served >= 10
    assert replica.score(b"x").json() == [1, served + 1]


def test_a_client_that_leaves_frees_no_place_and_run_goes_on(serve):
    replica = serve(GATED)
    gate = replica.root / "gate"
    leaver = replica.connection()
    leaver.request("POST", "/score", f"wait {gate}".encode())
    wait_until((replica.root / "gate.begun").exists, "run() to begin", replica)
    leaver.close()
    assert replica.score(b"x").not_started
    gate.touch()
    wait_until(lambda: replica.score(b"x").status == 200, "the place to be free", replica)
    assert replica.score(b"x").json()[0] == 1


def test_a_slow_sender_holds_no_place(serve):
    replica = serve(ECHO)
    slow = replica.connection()
    slow.putrequest("POST", "/score")
    slow.putheader("Content-Length", "4")
    slow.endheaders(b"ab")
    assert replica.score(b"x").json() == "x"
    slow.send(b"cd")
    assert slow.getresponse().read() == b'"abcd"'
    slow.close()


def test_a_body_over_the_limit_is_413(serve):
    replica = serve(ECHO, env={"TIDEGATE_BODY_MAX_BYTES": "1000"})
    assert replica.score(b"x" * 1000).status == 200
    reply = replica.score(b"x" * 1001)
    assert reply.status == 413
    assert reply.headers["Content-Type"] == "application/json"
    assert replica.score(b"fine").json() == "fine"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\x00" * 10_000 + b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /score HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n",
        b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
def test_garbage_is_refused_and_hurts_nobody(serve, garbage):
    replica = serve(ECHO)
    with socket.create_connection(("127.0.0.1", replica.port), timeout=30) as connection:
        try:
            connection.sendall(garbage)
            answer = connection.recv(1 << 16)
        except ConnectionError:
            answer = b""
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
    assert replica.score(b"fine").json() == "fine"


def test_a_crash_in_c_names_the_line(serve):
    replica = serve("import os, signal\ndef init(): pass\ndef run(data): os.kill(os.getpid(), signal.SIGSEGV)\n")
    with pytest.raises(ConnectionError):
        replica.score()
    assert replica.exit_code() == -11
    assert b'score.py", line 3 in run' in replica.stderr


def test_a_log_that_nobody_reads_does_not_lose_requests(serve):
    """Standard output closed by its reader: lines go nowhere, requests are answered."""
    replica = serve("""
        import os
        def init():
            read, write = os.pipe()
            os.dup2(write, 1)
            os.close(write)
            os.close(read)
        def run(data):
            print('x')
            return data
        """)
    assert replica.score(b"a").json() == "a"
    assert replica.score(b"b").json() == "b"
