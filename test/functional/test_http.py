"""What callers of the scoring address may do: keys, wrong paths, sizes, methods, and plain nonsense."""

import socket

import pytest
from support.project import Project
from support.rest import score
from support.sockets import read_all

LIMIT = 100 * 1024 * 1024


@pytest.fixture(scope="module")
def echo(server, tmp_path_factory):
    server.deploy("echo", Project(tmp_path_factory.mktemp("echo"), scoringTimeoutMs=2000))
    yield server.uri("echo"), server.key("echo")
    server.cli("service", "delete", "-n", "echo")


def raw(server, data, *, close=False, seconds=10):
    """Sends bytes as they are; returns everything that comes back until the other side closes or falls silent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        connection.sendall(data)
        if close:
            connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


@pytest.mark.parametrize("key", [None, "wrong", "", "x" * 5000])
def test_no_key_or_a_wrong_one_is_401_with_a_way_out(server, echo, key):
    reply = score(echo[0], key)
    assert (reply.status, reply.reason) == (401, "unauthenticated")
    assert "get-keys" in reply.json()["message"]
    assert set(reply.json()) >= {"code", "reason", "message", "requestId"}
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_a_key_of_another_service_is_401(server, echo, service, project):
    service("other-key", project())
    assert score(echo[0], server.key("other-key")).status == 401


@pytest.mark.parametrize("path", ["/", "/api/v1/service/nobody/score", "/api/v1/service/echo/nothing", "/favicon.ico"])
def test_unknown_paths_are_404(server, echo, path):
    reply = score(f"http://127.0.0.1:{server.port}{path}", echo[1], method="POST")
    assert reply.status == 404
    assert reply.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_get_and_post_reach_the_script(echo, method):
    assert score(echo[0], echo[1], method=method, body=None if method == "GET" else b"{}").status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_405(echo, method):
    assert score(echo[0], echo[1], method=method).status == 405


def test_a_body_that_is_no_json_is_the_scripts_own_business(server, echo, service, project):
    assert score(echo[0], echo[1], b"\xc3\xa9 not json").json()["got"] == "\u00e9 not json"
    service("parses", project("import json\ndef init(): pass\ndef run(body): return json.loads(body)\n"))
    failed = server.score("parses", b"{not json")
    assert failed.status == 502
    assert failed.headers["x-ms-run-function-failed"] == "True"
    assert failed.json() == {
        "message": "An unexpected error occurred in scoring script. Check the logs for more info."
    }
    assert "JSONDecodeError" in server.cli("service", "get-logs", "-n", "parses").out


def test_bytes_that_are_no_utf_8_are_400(echo):
    reply = score(echo[0], echo[1], b"\xff\xfe")
    assert reply.status == 400
    assert reply.json()["message"].startswith("Input cannot be decoded as UTF-8")


def test_every_reply_names_its_request(echo):
    named = score(echo[0], echo[1], headers={"x-request-id": "my-own-id"})
    assert named.headers["x-request-id"] == "my-own-id"
    assert score(echo[0], echo[1]).headers["x-request-id"]
    refused = score(echo[0], "wrong", headers={"x-request-id": "refused-id"})
    assert refused.headers["x-request-id"] == refused.json()["requestId"] == "refused-id"


def test_auth_can_be_switched_off_and_show_says_so(server, service, project):
    shown = service("open", project(authEnabled=False))
    assert score(server.uri("open")).status == 200
    assert score(server.uri("open"), "any key").status == 200
    assert shown["tidegate"]["auth"] == "none"
    assert shown["authEnabled"] is False


# --- nonsense -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [b"\0\xff\x13garbage\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ids=["bytes", "half a line", "version", "TLS hello"],
)  # fmt: skip
def test_garbage_is_400_or_a_closed_connection(server, echo, data):
    reply = raw(server, data, close=True)
    assert reply == b"" or reply.startswith(b"HTTP/1.1 400 ") or reply.startswith(b"HTTP/1.1 505 ")
    assert score(*echo).status == 200


def head(echo, *lines):
    path = echo[0].split("/", 3)[3]
    return "\r\n".join([f"POST /{path} HTTP/1.1", "Host: x", f"Authorization: Bearer {echo[1]}", *lines, "", ""]).encode()


def test_half_a_request_reaches_no_script(server, echo):
    before = server.cli("service", "get-logs", "-n", "echo").out.count("POST /score")
    for half in (head(echo)[:40], head(echo, "Content-Length: 100") + b'{"half":'):
        raw(server, half, close=True)
    assert score(*echo).status == 200
    assert server.cli("service", "get-logs", "-n", "echo").out.count("POST /score") == before + 1


def test_two_lengths_or_a_length_that_is_none_are_refused(server, echo):
    """What two parsers could read differently must not pass (request smuggling)."""
    for lines in (
        ["Content-Length: 2", "Content-Length: 3"],
        ["Content-Length: two"],
        ["Content-Length: -1"],
        ["Content-Length: 2", "Transfer-Encoding: chunked"],
    ):
        reply = raw(server, head(echo, *lines) + b"{}", close=True)
        assert reply.startswith(b"HTTP/1.1 400 "), (lines, reply[:200])


def test_a_declared_length_above_the_limit_is_413_at_once(server, echo):
    reply = raw(server, head(echo, f"Content-Length: {LIMIT + 1}"))
    assert reply.startswith(b"HTTP/1.1 413 "), reply[:200]
    assert b"104857600" in reply


def test_a_chunked_body_above_the_limit_is_413(server, echo):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head(echo, "Transfer-Encoding: chunked"))
        piece = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
        try:
            for _ in range(101):
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            reply = connection.recv(65536)
        except ConnectionResetError:
            reply = b""
    assert reply.startswith(b"HTTP/1.1 413 "), reply[:200]


def test_a_big_body_below_the_limit_arrives_whole(server, service, project):
    service("big-body", project("def init(): pass\ndef run(body): return len(body)\n"))
    assert server.score("big-body", b"x" * (20 << 20)).json() == 20 << 20


def test_a_head_without_end_is_refused(server, echo):
    reply = raw(server, b"GET / HTTP/1.1\r\n" + b"X-Filler: " + b"y" * (1 << 20))
    assert reply == b"" or reply.split(b" ")[1] in (b"400", b"431"), reply[:200]
    assert score(*echo).status == 200


def test_silent_connections_take_nothing_from_others(server, echo):
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    try:
        assert score(*echo).status == 200
    finally:
        for connection in silent:
            connection.close()


def test_pipelined_requests_are_answered_in_order(server, echo):
    one = head(echo, "Content-Length: 1") + b"1"
    two = head(echo, "Content-Length: 1", "Connection: close") + b"2"
    reply = raw(server, one + two)
    assert reply.count(b"HTTP/1.1 200 ") == 2
    assert reply.index(b'"got": "1"') < reply.index(b'"got": "2"')


def test_metrics_count_what_happened(server, echo):
    def requests():
        text = score(f"http://127.0.0.1:{server.port}/metrics", method="GET", body=None).body.decode()
        return sum(
            float(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if line.startswith("tidegate_router_requests_total") and 'service="echo"' in line
        )

    before = requests()
    for key in (echo[1], echo[1], "wrong"):
        score(echo[0], key)
    assert requests() == before + 3
