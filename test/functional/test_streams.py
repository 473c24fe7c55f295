"""Replies that are made while they are sent, through the real router."""

import socket

import pytest
from support.processes import wait_until
from support.project import Project

# The script waits for files in its app folder, and leaves files there, so that nothing here depends on time.
STREAMS = """
import os, time
import flask

def init():
    pass

def pieces(name):
    try:
        yield "first\\n"
        while not os.path.exists(name + ".go"):
            time.sleep(0.005)
            if name.startswith("talks"):
                yield "more\\n"
        yield "last\\n"
    finally:
        open(name + ".closed", "w").close()

def run(data):
    return flask.Response(pieces(data)) if data else "still here"
"""
END = b"0\r\n\r\n"


class Stream:
    """One streamed reply, read as far as it is told to."""

    def __init__(self, server, service, name):
        self.socket = socket.create_connection(("127.0.0.1", server.port), 30)
        head = f"POST /api/v1/service/{service}/score HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key(service)}\r\n"
        self.socket.sendall(f"{head}Content-Length: {len(name)}\r\n\r\n{name}".encode())
        self.seen = b""

    def read_until(self, text):
        while text not in self.seen:
            piece = self.socket.recv(65536)
            assert piece, self.seen
            self.seen += piece

    def read_to_end(self):
        """Until the router closes; also by a reset."""
        try:
            while piece := self.socket.recv(65536):
                self.seen += piece
        except ConnectionResetError:
            pass
        return self.seen


@pytest.fixture(scope="module")
def streaming(server, tmp_path_factory):
    """The app folder of a service `streams` with one replica, which takes one request at a time."""
    server.deploy("streams", Project(tmp_path_factory.mktemp("streams"), STREAMS, maxQueueWaitMs=20_000))
    (app,) = (path for path in server.data.glob("versions/streams-*/app"))
    yield app
    server.cli("service", "delete", "-n", "streams")


def answers(server):
    return server.score("streams", b"").json() == "still here"


def test_the_first_piece_is_with_the_client_before_the_last_is_made(server, streaming):
    stream = Stream(server, "streams", "whole")
    stream.read_until(b"first\n")
    assert stream.seen.startswith(b"HTTP/1.1 200 ")
    assert b"last" not in stream.seen
    (streaming / "whole.go").touch()
    stream.read_until(END)
    assert b"last\n" in stream.seen
    assert answers(server)


@pytest.mark.parametrize("name", ["talks-on", "says-nothing"])
def test_a_client_that_leaves_in_the_middle_ends_the_stream(server, streaming, name):
    stream = Stream(server, "streams", name)
    stream.read_until(b"first\n")
    stream.socket.close()
    if name == "says-nothing":  # nobody can interrupt a generator; what it says next, nobody hears
        (streaming / f"{name}.go").touch()
    wait_until((streaming / f"{name}.closed").exists, what="the generator to be closed")
    assert answers(server)


def test_a_replica_that_is_killed_in_the_middle_is_no_clean_end(server, streaming):
    stream = Stream(server, "streams", "cut")
    stream.read_until(b"first\n")
    (victim,) = server.replicas("streams")
    victim.kill()
    assert not stream.read_to_end().endswith(END)
    assert b"last" not in stream.seen
    wait_until(lambda: server.replicas("streams") not in ([], [victim]), what="another replica")
    assert answers(server)
