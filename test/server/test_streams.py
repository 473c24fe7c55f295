"""Bodies that are made while they are sent."""

import os
import re
import signal
import socket
import time

import pytest
from replica import wait_until
from workers_help import wait_for_workers

SCRIPT = """
import os, time
import flask
from azureml.contrib.services.aml_request import rawhttp

def init(): pass

def closing(pieces):
    try:
        yield from pieces
    finally:
        print("generator closed")

def pieces(kind):
    if kind == "slow":
        for number in range(3):
            yield f"piece {number}"
            while not os.path.exists(f"go-{number}"): time.sleep(0.01)
    if kind == "endless":
        while True: yield b"x" * 100_000
    if kind == "fails":
        yield "begun"
        raise ValueError("in the middle")
    if kind == "hangs":
        yield "begun"
        time.sleep(60)
    if kind == "busy":
        while True: yield "more"

@rawhttp
def run(request):
    if request.method == "GET":
        return "still here"
    return flask.Response(closing(pieces(request.get_data(as_text=True))), headers={"x-worker": str(os.getpid())})
"""


@pytest.fixture
def stream(serve):
    return serve(SCRIPT, env={"SCORING_TIMEOUT_MS": "700"})


@pytest.fixture
def patient(serve):
    return serve(SCRIPT)


@pytest.fixture(params=["1", "2"], ids=["one process", "two workers"])
def either(serve, request):
    return serve(SCRIPT, env={"WORKER_COUNT": request.param})


class Caller:
    """A client that reads as much as it is told to."""

    def __init__(self, replica, kind):
        self.socket = socket.create_connection(("127.0.0.1", replica.port), 20)
        self.socket.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nx-request-id: abc\r\nContent-Length: %d\r\n\r\n%s"
                            % (len(kind), kind.encode()))
        self.seen = b""

    def read_until(self, text):
        while text not in self.seen:
            piece = self.socket.recv(65536)
            assert piece, self.seen
            self.seen += piece

    def read_to_end(self):
        while piece := self.socket.recv(65536):
            self.seen += piece
        return self.seen


def resident_kb(replica):
    with open(f"/proc/{replica.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_each_piece_arrives_when_it_is_made(either):
    caller = Caller(either, "slow")
    for number in range(3):
        caller.read_until(b"piece %d" % number)
        assert b"piece %d" % (number + 1) not in caller.seen
        (either.app / f"go-{number}").touch()
    caller.read_until(b"\r\n0\r\n\r\n")
    assert b"transfer-encoding: chunked" in caller.seen.lower()
    either.wait_for_log("[abc] - POST /score 200 ")
    line = next(line for line in either.log().splitlines() if "POST /score" in line)
    assert line.endswith(" 21")
    assert either.get("/score").json() == "still here"


def test_a_failure_in_the_middle_cuts_the_connection_and_is_logged(either):
    caller = Caller(either, "fails")
    seen = caller.read_to_end()
    assert b"begun" in seen and b"\r\n0\r\n\r\n" not in seen
    either.wait_for_log("ValueError: in the middle")
    assert "[abc] - Encountered Exception" in either.log()
    assert "generator closed" in either.log()
    assert either.get("/score").json() == "still here"


def test_a_client_that_leaves_ends_the_generator(either):
    caller = Caller(either, "endless")
    caller.read_until(b"x")
    caller.socket.close()
    either.wait_for_log("generator closed")
    assert either.get("/score").json() == "still here"


def test_a_worker_that_dies_in_the_middle_cuts_the_connection(serve):
    replica = serve(SCRIPT, env={"WORKER_COUNT": "2"})
    wait_for_workers(replica, 2)
    caller = Caller(replica, "slow")
    caller.read_until(b"piece 0")
    pid = int(re.search(r"x-worker: (\d+)", caller.seen.decode()).group(1))
    os.kill(pid, signal.SIGKILL)
    assert not caller.read_to_end().endswith(b"\r\n0\r\n\r\n")
    replica.wait_for_log(f"(pid {pid}) ended: killed by signal 9")
    assert replica.get("/score").json() == "still here"


def test_a_client_that_does_not_read_makes_the_generator_wait(patient):
    before = resident_kb(patient)
    caller = Caller(patient, "endless")
    caller.read_until(b"x")
    end = time.monotonic() + 0.5
    most = 0
    while time.monotonic() < end:  # what it would make in this time is gigabytes
        most = max(most, resident_kb(patient))
        time.sleep(0.02)
    assert most - before < 16_000
    assert patient.get("/").status == 200
    caller.socket.close()
    patient.wait_for_log("generator closed")


@pytest.mark.parametrize("kind", ["hangs", "busy", "endless"])
def test_the_time_limit_is_for_the_whole_body(stream, kind):
    caller = Caller(stream, kind)
    caller.read_until(b"more" if kind == "busy" else b"x" if kind == "endless" else b"begun")
    if kind != "endless":  # which waits for a client that does not read
        assert not caller.read_to_end().endswith(b"\r\n0\r\n\r\n")
    stream.wait_for_log("generator closed")
    stream.wait_for_log("POST /score 200 ")
    assert stream.get("/score").json() == "still here"


def test_replies_wait_for_the_stream_before_them(patient):
    caller = Caller(patient, "slow")
    caller.read_until(b"piece 0")
    refused = patient.get("/score")
    assert refused.status == 503 and refused.not_started
    assert patient.get("/").status == 200
    for number in range(3):
        (patient.app / f"go-{number}").touch()
    caller.read_until(b"\r\n0\r\n\r\n")
    wait_until(lambda: patient.get("/score").status == 200, "a free place", patient)
