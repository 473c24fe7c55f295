"""What callers may do to the routers of a cluster, through a NodePort: nonsense is answered, and hurts nobody else."""

import socket
from urllib.parse import urlsplit

import pytest
from support.sockets import read_all
from target import ready_project

pytestmark = pytest.mark.timeout(180)

LIMIT = 100 << 20  # bytes of a body
COUNTS = """
import os
calls = 0
def init(): pass
def run(body):
    global calls
    calls += 1
    return [calls, len(body)]
"""


class Caller:
    """Speaks to the scoring URI of a service as bytes."""

    def __init__(self, uri, key):
        self.url, self.key = urlsplit(uri), key

    def connect(self, timeout=20):
        return socket.create_connection((self.url.hostname, self.url.port), timeout=timeout)

    def head(self, *lines):
        first = [f"POST {self.url.path} HTTP/1.1", "Host: x", f"Authorization: Bearer {self.key}"]
        return "\r\n".join([*first, *lines, "", ""]).encode()

    def reply(self, *pieces, close=False, timeout=20):
        """All that comes back until the other side closes; "" if it closes without a word."""
        with self.connect(timeout) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                if close:
                    connection.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered already
            return read_all(connection)

    def first_line(self, *pieces, **options):
        return self.reply(*pieces, **options).split(b"\r\n")[0].decode("latin-1")


@pytest.fixture(scope="module")
def caller(server, target, tmp_path_factory):
    target.deploy("counts", ready_project(tmp_path_factory.mktemp("counts"), COUNTS))
    yield Caller(server.uri("counts"), server.key("counts"))
    server.cli("service", "delete", "-n", "counts")


@pytest.fixture
def harmless(server, caller):
    """Whatever a caller does, the next one is answered, and the script has been called for nobody else."""
    before = server.score("counts").json()[0]
    yield
    assert server.score("counts").json()[0] == before + 1


@pytest.mark.parametrize(
    ("pieces", "statuses"),
    [
        ([b"\0\xff\x13garbage\r\n\r\n"], {"400"}),
        ([b"GET\r\n\r\n"], {"400"}),
        ([b"POST / HTTP/9.9\r\n\r\n"], {"400", "505"}),
        ([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], {"400"}),
        ([b"GET / HTTP/1.1\r\nX: " + b"y" * (1 << 20)], {"400", "431"}),
        ([], set()),
        ([b"POST /api"], {"400"}),
    ],
    ids=["bytes", "half a line", "version", "TLS hello", "endless head", "nothing at all", "half a head"],
)
def test_what_is_no_request_is_refused_or_dropped(harmless, caller, pieces, statuses):
    first = caller.first_line(*pieces, close=True)
    assert first == "" or first.split(" ")[1] in statuses


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 2", "Content-Length: 3"],
        ["Content-Length: two"],
        ["Content-Length: 2", "Transfer-Encoding: chunked"],
    ],
    ids=["two lengths", "a word", "length and chunks"],
)
def test_a_length_that_can_be_read_in_two_ways_is_400(harmless, caller, lines):
    assert caller.first_line(caller.head(*lines), b"{}", close=True).split(" ")[1] == "400"


def test_a_declared_length_above_the_limit_is_413_at_once(harmless, caller):
    assert caller.first_line(caller.head(f"Content-Length: {LIMIT + 1}")).split(" ")[1] == "413"


def test_chunks_above_the_limit_are_413(harmless, caller):
    chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
    said = caller.first_line(caller.head("Transfer-Encoding: chunked"), *([chunk] * 101))
    assert said == "" or said.split(" ")[1] == "413"  # a client that goes on sending may miss the answer


def test_a_client_that_goes_away_in_the_middle_reaches_no_script(harmless, caller):
    with caller.connect() as connection:
        connection.sendall(caller.head("Content-Length: 1000000") + b"x" * 1000)


def test_a_slow_sender_holds_up_nobody_and_is_answered_in_the_end(server, caller):
    served = server.score("counts").json()[0]
    with caller.connect() as slow:
        slow.sendall(caller.head("Content-Length: 20", "Connection: close"))
        for number in range(10):
            slow.sendall(b"xx")
            if number < 9:  # the last one makes it whole
                assert server.score("counts").json() == [served + number + 1, 2]
        assert read_all(slow).endswith(f"[{served + 10}, 20]".encode())
